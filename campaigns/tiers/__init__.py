"""Who is high, mid or low value: schemes, standings, and how customers move between them."""
