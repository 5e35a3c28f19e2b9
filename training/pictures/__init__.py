"""What items look like: their pictures, and the vectors that an encoder makes of these."""
