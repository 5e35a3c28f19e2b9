"""What a customer may have now."""
