"""Language models: encoders of text, what they are taught, and how they are made from nothing."""
