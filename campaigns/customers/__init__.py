"""Customers, and how one is forgotten."""
