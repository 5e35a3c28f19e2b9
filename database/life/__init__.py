"""From draft to ended."""
