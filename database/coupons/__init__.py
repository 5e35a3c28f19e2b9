"""Codes, from the first to the last."""
