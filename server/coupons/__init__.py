"""Codes between the wire and us."""
