"""What a campaign would do before it does: the preview and what was learned from earlier ones."""
