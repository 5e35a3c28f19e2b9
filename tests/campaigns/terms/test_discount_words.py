"""A discount and its conditions in words."""

import pytest

from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Scope
from campaigns.terms.discount_words import in_words

SHOES = Scope(categories=("Shoes", "Hats"), items=("A1",))


@pytest.mark.parametrize(
    ("discount", "words"),
    [
        (Discount(reward=Percent(percent=20)), "20% off"),
        (
            Discount(reward=Percent(percent=20, maximum_minor=5000), scope=SHOES, minimum_minor=300_000),
            "20% off A1 or Shoes or Hats, at most 50.00 GBP, when these come to at least 3,000.00 GBP",
        ),
        (
            Discount(reward=Fixed(amount_minor=500), minimum_minor=3000, first_order_only=True),
            "5.00 GBP off, on orders of at least 30.00 GBP, on a first order",
        ),
        (Discount(reward=FreeShipping(maximum_minor=490)), "free shipping, at most 4.90 GBP"),
        (Discount(reward=Gift(item_id="A17"), scope=Scope(items=("B",))), "A17 for free with B"),
    ],
)
def test_conditions_follow_the_reward(discount: Discount, words: str) -> None:
    assert in_words(discount, "GBP") == words
