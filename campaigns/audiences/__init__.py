"""Whom a campaign is for: saved segments, frozen audiences, who is eligible."""
