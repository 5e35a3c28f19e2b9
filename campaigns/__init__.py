"""What we offer, to whom, within which budget, and what came of it."""
