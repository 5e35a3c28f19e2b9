"""The items of the shop: which of them can be had."""
