"""Who is high, mid or low, and how customers move."""
