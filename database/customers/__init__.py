"""The customers that we know, and who was forgotten."""
