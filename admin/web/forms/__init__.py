"""What is typed into forms, and the values that it stands for. Pure."""
