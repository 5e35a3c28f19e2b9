"""What a discount takes off an order of which only the worth is known. Pure.

What depends on more is taken at its dearest: as if all of the order counted, and shipping cost as much as is given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from campaigns.terms.basket import Basket, Line
from campaigns.terms.cost_notes import CostNote, Unknown
from campaigns.terms.discount import Discount, FreeShipping, Gift, Percent, Saving, saving

Prices = Mapping[str, int]
"""Of items, in minor units of the campaign's currency."""


def usual_saving(discount: Discount, order_minor: int, *, currency: str, prices: Prices) -> int:
    """In minor units; nothing where the order does not meet the conditions, or nobody knows what it costs."""
    gift = _gift(discount, prices)
    basket = Basket(
        order_minor=order_minor + sum(line.worth_minor for line in gift),
        currency=currency,
        lines=gift,
        shipping_minor=(discount.reward.maximum_minor or 0) if isinstance(discount.reward, FreeShipping) else 0,
    )
    off = saving(replace(discount, scope=None), basket, bought_before=False)
    return off.total_minor if isinstance(off, Saving) else 0


def gifts(discounts: Iterable[Discount]) -> set[str]:
    """Items whose prices are needed."""
    return {discount.reward.item_id for discount in discounts if isinstance(discount.reward, Gift)}


def unpriced(discounts: Iterable[Discount], prices: Prices) -> tuple[CostNote, ...]:
    """What is counted as nothing because nobody knows what it costs."""
    notes = [CostNote(unknown=Unknown.GIFT, item_id=item_id) for item_id in sorted(gifts(discounts) - prices.keys())]
    if any(isinstance(each.reward, FreeShipping) and each.reward.maximum_minor is None for each in discounts):
        notes.append(CostNote(unknown=Unknown.SHIPPING))
    return tuple(notes)


def unforetold(discounts: Iterable[Discount], *, currency: str, scored: str | None) -> tuple[CostNote, ...]:
    """What depends on orders that the scores foretell in another currency than the campaign's."""
    if scored in (None, currency):
        return ()
    if not any(isinstance(each.reward, Percent) and each.reward.maximum_minor is None for each in discounts):
        return ()
    return (CostNote(unknown=Unknown.PERCENTAGE, scored=scored, currency=currency),)


def _gift(discount: Discount, prices: Prices) -> tuple[Line, ...]:
    match discount.reward:
        case Gift(item_id=item_id) if item_id in prices:
            return (Line(item_id=item_id, quantity=1, unit_price_minor=prices[item_id]),)
        case _:
            return ()
