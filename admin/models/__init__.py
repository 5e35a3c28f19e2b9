"""What people are shown of a model: its figures, whom it would move, why it says so."""
