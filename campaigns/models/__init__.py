"""Trained networks: what each is there for, and what it must prove."""
