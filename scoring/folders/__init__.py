"""A model as a folder, and what doors may ask of one without tensors."""
