"""The processes that run together, the shop they are given first, and how they go."""
