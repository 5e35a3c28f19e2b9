"""Bulk work, what is to be handed to the broker, and answers that may be asked for again."""
