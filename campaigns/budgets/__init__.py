"""What a campaign may spend, has reserved and has spent, exact under concurrency."""
