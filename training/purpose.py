"""What a model is trained for."""

from enum import StrEnum


class Purpose(StrEnum):
    """What it will be asked. What nobody asks for is not learned, and says nothing."""

    EVERYTHING = "everything"
    ORDERS = "orders"
    """Who orders, how much, who leaves: no recommendations."""
    ITEMS = "items"
    """Recommendations alone."""
