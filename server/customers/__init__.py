"""Customers, and what they did, between the wire and us."""
