"""Shops with something in them."""
