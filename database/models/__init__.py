"""Trained networks, and what they said."""
