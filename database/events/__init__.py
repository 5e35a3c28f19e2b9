"""What happened, and histories made from it."""
