"""What a campaign promises: plans, discounts, coupons, limits. Values and pure decisions, and how they are stored."""
