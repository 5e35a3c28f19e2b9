"""The network, and its forward passes."""
