"""Until when a code is good: it is not used from then on, whatever else allows it."""

EXPIRE_TIME = "least(coupons.close_time, campaigns.end_time)"
"""SQL: when its campaign ends, however often that moves, or its `close_time` where it has one that is earlier."""
