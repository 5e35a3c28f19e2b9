"""How a command learns a model, or finds the one that it predicts with."""
