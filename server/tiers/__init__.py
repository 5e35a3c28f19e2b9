"""Tiers between the wire and us."""
