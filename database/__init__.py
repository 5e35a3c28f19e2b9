"""What we remember, and every SQL statement."""
