"""What may be spent."""
