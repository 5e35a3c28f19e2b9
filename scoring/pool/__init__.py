"""Batches of whoever waits, computed by replicas of a network in processes of their own."""
