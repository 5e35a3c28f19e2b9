"""The language in which a campaign says who it is for: pure, and importing nothing of ours."""
