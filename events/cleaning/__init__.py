"""The cleaning steps: each a value with its parameters that splits rows into kept and rejected, and counts repairs."""
