"""What operators type: discounts, arms, orders, times."""
