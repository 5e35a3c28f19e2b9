"""What a campaign would do, before it does."""
