"""What the server tells Prometheus of its calls, pools and models."""
