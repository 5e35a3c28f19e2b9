"""The predictors beside the networks, and what share of the answer each gets."""
