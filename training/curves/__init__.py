"""How a training went, step by step, for whoever watches it."""
