"""Whom an offer changes, by a model that reads any table."""
