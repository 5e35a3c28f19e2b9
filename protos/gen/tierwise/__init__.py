"""Generated: see protos/generate.py."""
