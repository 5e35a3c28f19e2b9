"""The gRPC door: translate, call, translate back."""
