"""Encoders of others, and what they make of items."""
