"""Bulk work, written down with its cause."""
