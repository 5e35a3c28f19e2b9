"""The larger parts of `tierwise campaign`."""
