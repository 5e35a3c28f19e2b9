"""What the network thinks a customer will do."""
