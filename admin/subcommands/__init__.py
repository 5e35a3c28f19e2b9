"""The larger subcommands of `tierwise campaign`, `coupon` and `models`, and what they share."""
