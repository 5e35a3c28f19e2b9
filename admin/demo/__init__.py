"""The whole story of a shop, told by running it."""
