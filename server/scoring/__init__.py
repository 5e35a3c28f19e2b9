"""What customers will do: models in force, questions to them, and their answers."""
