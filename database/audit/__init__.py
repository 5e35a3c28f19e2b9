"""Who did what, and the proof that nobody changed the record."""
