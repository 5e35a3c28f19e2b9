"""What tests run for real: databases, servers, workers, commands, a browser."""
