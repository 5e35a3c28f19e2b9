"""What commands read from files, and write to them."""
