"""The groups of an experiment, and what each did."""
