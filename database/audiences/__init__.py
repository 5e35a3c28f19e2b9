"""Whom a campaign is for."""
