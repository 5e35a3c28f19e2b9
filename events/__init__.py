"""What happened in a shop: the canonical event, and how a shop's files become it."""
