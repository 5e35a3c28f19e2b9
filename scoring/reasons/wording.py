"""Features and events in words that a marketer reads, in each language."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from events.event import EventType
from rules.sentence import Language
from scoring.reasons import chinese
from scoring.reasons.deed import Deed
from scoring.score import Change
from scoring.seen.feature_registry import Feature, amount, counted


class Wording(NamedTuple):
    """How a language says what moved a score."""

    feature: Callable[[Feature, float, str], str]
    """(feature, raw value or NaN, currency)"""
    meaning: Callable[[Feature], str]
    """What is counted or measured, whatever its value."""
    group: Callable[[EventType, int], str]
    """(kind, how many)"""
    action: Callable[[Deed], str]
    change: Callable[[Change, int, float, str], str]
    """(change, how many, minor units of each order, currency)"""
    season: Callable[[float], str]
    """(what it adds to the logit)"""


CHANGES = {
    Change.MESSAGE: ("more message", "more messages"),
    Change.COUPON: ("more coupon", "more coupons"),
    Change.VIEW: ("more product view", "more product views"),
    Change.CART: ("more item in the cart", "more items in the cart"),
    Change.ORDER: ("more order", "more orders"),
}
GROUPS = {
    EventType.VIEW: "earlier product view",
    EventType.CART: "earlier item put in the cart",
    EventType.PURCHASE: "earlier order",
    EventType.RETURN: "earlier return",
    EventType.REVIEW: "earlier review",
    EventType.COUPON: "earlier coupon",
    EventType.MESSAGE: "earlier message",
}


def feature_words(feature: Feature, value: float, currency: str) -> str:
    """'last order 3 days ago'; what it would be where it is not known."""
    return feature.words(value, currency) if np.isfinite(value) else feature.description


def group_words(kind: EventType, count: int) -> str:
    """'4 earlier orders'; 'carts' read as items put in the cart."""
    if kind is EventType.CART:
        return counted(count, "earlier item put in the cart", "earlier items put in the cart")
    return counted(count, GROUPS[kind])


def season_words(logit: float) -> str:
    """What a year ago says about this time of year."""
    many = "more" if logit > 0 else "fewer"
    return f"time of year: going by a year ago, {many} customers buy now than their history alone tells"


def action_words(deed: Deed) -> str:
    """'ordered 3 items for 45.20 GBP on 3 June 2011'."""
    title = "a product" if deed.title is None else deed.title
    what = title if deed.lines == 1 else counted(deed.lines, "item")
    paid = f" for {deed.paid}" if deed.paid else ""
    by = f" by {deed.channel}" if deed.channel else ""
    stars = "" if deed.stars is None else f" with {counted(deed.stars, 'star')}"
    words = {
        EventType.VIEW: f"looked at {title}",
        EventType.CART: f"put {title} in the cart",
        EventType.PURCHASE: f"ordered {what}{paid}",
        EventType.RETURN: f"returned {what}{paid}",
        EventType.REVIEW: f"reviewed {title}{stars}",
        EventType.COUPON: f"received a coupon{by}",
        EventType.MESSAGE: f"received a message{by}",
    }[deed.kind]
    return f"{words} on {deed.time.day} {deed.time:%B %Y}"


def change_words(change: Change, count: int, basket: float, currency: str) -> str:
    """'2 more orders of 45.20 GBP'."""
    what = counted(count, *CHANGES[change])
    return f"{what} of {amount(basket, currency)}" if change is Change.ORDER else what


WORDINGS: Mapping[Language, Wording] = {
    Language.ENGLISH: Wording(
        feature_words, attrgetter("description"), group_words, action_words, change_words, season_words
    ),
    Language.CHINESE: Wording(
        chinese.feature_words,
        chinese.meaning,
        chinese.group_words,
        chinese.action_words,
        chinese.change_words,
        chinese.season_words,
    ),
}
