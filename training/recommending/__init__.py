"""How a shop's items are recommended: what goes together, how long it is remembered, what is bought next."""
