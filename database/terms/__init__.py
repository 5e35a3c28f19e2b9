"""What a campaign promises."""
