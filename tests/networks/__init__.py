"""Networks of toy size, and pools of no network at all."""
