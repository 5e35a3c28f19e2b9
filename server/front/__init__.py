"""The port: between the event loop that speaks gRPC and every method."""
