"""How good a model is: beside baselines, beside another model, for groups and slices."""
