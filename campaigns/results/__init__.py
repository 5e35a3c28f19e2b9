"""What came of a campaign."""
