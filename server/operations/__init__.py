"""Bulk work that goes on after its call, and what came of it."""
