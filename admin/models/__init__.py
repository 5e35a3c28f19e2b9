"""What people are shown of a model: how its canary does, whom it would move, why it says so."""
