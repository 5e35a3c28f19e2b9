"""Who calls, and how the line is kept private."""
