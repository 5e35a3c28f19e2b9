"""Campaigns between the wire and us."""
