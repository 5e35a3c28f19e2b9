"""The tabular features by name: what each means, in which unit, and how a marketer reads it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from events.currency import amount as written

Words = Callable[[float, str], str]
"""(value, currency) to words."""


class Scale(StrEnum):
    """How a raw value becomes a number that the network can read."""

    PLAIN = "plain"
    LOG = "log"
    """sign(x)·log(1 + |x|)"""
    LOGIT = "logit"
    """log(x / (1 - x)) of a probability."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature matrix. Its value is NaN where it is not defined (no orders: no mean basket)."""

    name: str
    unit: str
    scale: Scale
    description: str
    words: Words


def amount(minor: float, currency: str) -> str:
    """Money for a reader: '45.20 GBP', '4,520 JPY'."""
    return written(round(minor), currency)


def counted(value: float, one: str, many: str | None = None) -> str:
    """'1 order', '3 orders'."""
    return f"{value:,.0f} {one if round(value) == 1 else many or one + 's'}"


def _days(words: str) -> Words:
    return lambda value, _: words.format("less than a day" if value < 1 else counted(value, "day"))


def _count(words: str, one: str, many: str | None = None) -> Words:
    return lambda value, _: words.format(counted(value, one, many) if value else f"no {many or one + 's'}")


def _money(words: str) -> Words:
    return lambda value, currency: words.format(amount(value, currency))


def _share(words: str) -> Words:
    return lambda value, _: words.format(f"{value:.0%}")


def rounded(value: float, least: str = "less than 0.01") -> str:
    """'0.45', '3.2', '1,204'; `least` of what is nearly nothing."""
    if 0 < abs(value) < LEAST:
        return least
    return f"{value:.2g}" if abs(value) < 10 else f"{value:,.0f}"  # noqa: PLR2004  # digits


def _number(words: str) -> Words:
    return lambda value, _: words.format(rounded(value))


def _measure(words: str, one: str) -> Words:
    def said(value: float, _: str) -> str:
        number = rounded(value)
        return words.format(f"{number} {one if number == '1' else one + 's'}")

    return said


def _factor(words: str) -> Words:
    """Of a logarithm, what it stands for."""
    return lambda value, _: words.format(rounded(math.exp(value)))


def _times(words: str) -> Words:
    """The same in percent."""
    return lambda value, _: words.format(f"{math.exp(value):,.0%}")


def _trend(words: str, fewer: str = "fewer", alike: str = "about as many") -> Words:
    """Of words with a place for each of 'more' and 'than'."""

    def said(value: float, _: str) -> str:
        if abs(value) < ABOUT_THE_SAME:
            return words.format(alike, "as")
        return words.format("more" if value > 0 else fewer, "than")

    return said


def _early(value: float, _: str) -> str:
    """Of a share that fades with time: what is little says nothing."""
    return f"{'perhaps' if value >= ABOUT_THE_SAME else 'not'} a customer from before the shop's records"


LEAST = 0.01
ABOUT_THE_SAME = 0.1
"""10 %, as the logarithm of a ratio."""
LOG, PLAIN, LOGIT = Scale.LOG, Scale.PLAIN, Scale.LOGIT

RECENCY = (
    Feature("days_since_event", "days", LOG, "Since anything the customer did", _days("last seen {} ago")),
    Feature("days_since_order", "days", LOG, "Since the last order", _days("last order {} ago")),
    Feature("days_since_view", "days", LOG, "Since the last product view", _days("last looked at a product {} ago")),
    Feature(
        "days_since_cart", "days", LOG, "Since the last item put in the cart", _days("last filled the cart {} ago")
    ),
    Feature("days_since_return", "days", LOG, "Since the last return", _days("last return {} ago")),
    Feature("days_since_review", "days", LOG, "Since the last review", _days("last review {} ago")),
    Feature("days_since_coupon", "days", LOG, "Since the last coupon was received", _days("last coupon {} ago")),
    Feature("days_since_message", "days", LOG, "Since the last message was received", _days("last message {} ago")),
    Feature("days_known", "days", LOG, "Since the first event", _days("known for {}")),
    Feature("days_as_buyer", "days", LOG, "Since the first order", _days("first order {} ago")),
    Feature("seen_early", "share", PLAIN,
             "1 as the shop's records begin, 0 from their day 90 on, at the first event; fading as 90 days go by",
             _early),
)  # fmt: skip

FREQUENCY = (
    Feature("orders", "orders", LOG, "Orders so far", _count("{} so far", "order")),
    Feature("orders_30", "orders", LOG, "Orders in the last 30 days", _count("{} in the last 30 days", "order")),
    Feature("orders_90", "orders", LOG, "Orders in the last 90 days", _count("{} in the last 90 days", "order")),
    Feature("orders_180", "orders", LOG, "Orders in the last 180 days", _count("{} in the last 180 days", "order")),
    Feature("orders_365", "orders", LOG, "Orders in the last 365 days", _count("{} in the last 365 days", "order")),
    Feature("orders_per_month", "orders a month", LOG, "Orders over days known, at least 30, times 30.4",
             _measure("about {} a month", "order")),
    Feature("events_7", "events", LOG, "Actions of the customer in the last 7 days",
             _count("{} in the last 7 days", "action")),
    Feature("events_30", "events", LOG, "Actions of the customer in the last 30 days",
             _count("{} in the last 30 days", "action")),
    Feature("events_90", "events", LOG, "Actions of the customer in the last 90 days",
             _count("{} in the last 90 days", "action")),
)  # fmt: skip

SPEND = (
    Feature("spend", "minor units", LOG, "Amount of all orders", _money("spent {} so far")),
    Feature("spend_30", "minor units", LOG, "Amount ordered in the last 30 days",
             _money("spent {} in the last 30 days")),
    Feature("spend_90", "minor units", LOG, "Amount ordered in the last 90 days",
             _money("spent {} in the last 90 days")),
    Feature("spend_365", "minor units", LOG, "Amount ordered in the last 365 days",
             _money("spent {} in the last 365 days")),
    Feature("spend_per_month", "minor units a month", LOG, "Amount over days known, at least 30, times 30.4",
             _money("spends about {} a month")),
    Feature("mean_basket", "minor units", LOG, "Mean amount of an order", _money("orders for {} on average")),
    Feature("last_basket", "minor units", LOG, "Amount of the last order", _money("last order was {}")),
    Feature("largest_basket", "minor units", LOG, "Amount of the largest order", _money("largest order was {}")),
    Feature("basket_spread", "log units", PLAIN, "Standard deviation of the log amount of orders",
             _factor("amounts of orders typically differ by a factor of {}")),
)  # fmt: skip

RHYTHM = (
    Feature("mean_gap", "days", LOG, "Mean time between orders", _days("{} between orders on average")),
    Feature("gap_spread", "ratio", PLAIN, "Standard deviation of the time between orders over its mean",
             _share("time between orders varies by {} of its mean")),
    Feature("longest_gap", "days", LOG, "Longest time between two orders", _days("longest pause was {}")),
    Feature("last_gap", "days", LOG, "Time between the last two orders", _days("last two orders were {} apart")),
    Feature("overdue", "ratio", LOG, "Days since the last order over the mean gap",
             _number("silent for {} times the usual gap")),
    Feature("longer_pauses", "share", PLAIN,
             "Times between orders that were longer than the present one: (k + 1/2) / (n + 1) of n",
             _share("about {} of pauses between orders were longer than this one")),
)  # fmt: skip

TREND = (
    Feature("order_trend", "log ratio", PLAIN, "Orders of the last 90 days against the 90 before",
             _trend("{} orders in the last 90 days {} in the 90 before")),
    Feature("spend_trend", "log ratio", PLAIN, "Amount of the last 90 days against the 90 before",
             _trend("spent {} in the last 90 days {} in the 90 before", fewer="less", alike="about as much")),
    Feature("basket_trend", "log ratio", PLAIN, "Amount of the last order against the mean",
             _times("last order was {} of the usual amount")),
    Feature("event_trend", "log ratio", PLAIN, "Actions of the last 30 days against a third of the last 90",
             _trend("{} actions in the last 30 days {} is usual in the last 90")),
)  # fmt: skip

RETURNS = (
    Feature("returns", "returns", LOG, "Returns so far", _count("{} so far", "return")),
    Feature("returns_90", "returns", LOG, "Returns in the last 90 days", _count("{} in the last 90 days", "return")),
    Feature(
        "returned_share", "share", PLAIN, "Amount returned over amount ordered", _share("returned {} of the amount")
    ),
    Feature("returns_per_order", "ratio", PLAIN, "Returns over orders", _measure("{} per order", "return")),
)

BREADTH = (
    Feature("distinct_items", "items", LOG, "Different items bought", _count("bought {}", "different item")),
    Feature("distinct_categories", "categories", LOG, "Different categories bought from",
             _count("bought from {}", "category", "categories")),
    Feature("repeat_share", "share", PLAIN, "Lines of orders that repeat an earlier item",
             _share("{} of purchases repeat an earlier item")),
    Feature("lines_per_order", "lines", LOG, "Mean number of lines of an order", _measure("{} per order", "line")),
    Feature("last_lines", "lines", LOG, "Lines of the last order", _count("last order had {}", "line")),
    Feature("units_per_order", "units", LOG, "Mean quantity of an order", _measure("{} per order", "unit")),
    Feature("units_per_line", "units", LOG, "Mean quantity of a line", _measure("{} of each item", "unit")),
    Feature("unit_price", "minor units", LOG, "Mean price of a unit bought", _money("buys at {} a piece")),
)  # fmt: skip

FUNNEL = (
    Feature("views", "views", LOG, "Product views so far", _count("{} so far", "product view")),
    Feature("views_7", "views", LOG, "Product views in the last 7 days",
             _count("{} in the last 7 days", "product view")),
    Feature("views_30", "views", LOG, "Product views in the last 30 days",
             _count("{} in the last 30 days", "product view")),
    Feature("carts", "carts", LOG, "Items put in the cart so far", _count("{} put in the cart so far", "item")),
    Feature("carts_30", "carts", LOG, "Items put in the cart in the last 30 days",
             _count("{} put in the cart in the last 30 days", "item")),
    Feature("views_since_order", "views", LOG, "Product views since the last order",
             _count("{} since the last order", "product view")),
    Feature("carts_since_order", "carts", LOG, "Items put in the cart since the last order",
             _count("{} put in the cart since the last order", "item")),
    Feature("carts_per_view", "ratio", PLAIN, "Items put in the cart per product view",
             _measure("{} put in the cart per product view", "item")),
    Feature("orders_per_cart", "ratio", LOG, "Orders per item put in the cart",
             _measure("{} per item put in the cart", "order")),
    Feature("mean_dwell", "seconds", LOG, "Mean time on a product page",
             _measure("{} on a product page on average", "second")),
    Feature("dwell_30", "seconds", LOG, "Time on product pages in the last 30 days",
             _measure("{} on product pages in the last 30 days", "second")),
)  # fmt: skip

VISITS = (
    Feature("visits_30", "days", LOG, "Days with a product view in the last 30 days",
             _count("looked at products on {} of the last 30", "day")),
    Feature("visits_90", "days", LOG, "Days with a product view in the last 90 days",
             _count("looked at products on {} of the last 90", "day")),
    Feature("visits_per_month", "days a month", LOG,
             "Days with a product view over days since the first, at least 30, times 30.4",
             _measure("looks at products on about {} a month", "day")),
    Feature("visit_overdue", "ratio", LOG, "Days since the last product view over the mean gap between days with one",
             _number("away {} times as long as usual")),
    Feature("missed_visits", "visits", LOG,
             "Visits to expect since the last product view at the pace of the last 90 days, and one more",
             _measure("about {} to be expected since the last one", "visit")),
)  # fmt: skip

REVIEWS = (
    Feature("reviews", "reviews", LOG, "Reviews written", _count("wrote {}", "review")),
    Feature("mean_rating", "stars", PLAIN, "Mean rating given", _measure("rates {} on average", "star")),
    Feature("last_rating", "stars", PLAIN, "Last rating given", _measure("last rating was {}", "star")),
    Feature(
        "rating_since_order",
        "stars",
        PLAIN,
        "Last rating given since the last order",
        _measure("rated {} since the last order", "star"),
    ),
)

CONTACTS = (
    Feature("coupons", "coupons", LOG, "Coupons received", _count("received {}", "coupon")),
    Feature("coupons_30", "coupons", LOG, "Coupons received in the last 30 days",
             _count("received {} in the last 30 days", "coupon")),
    Feature("messages_30", "messages", LOG, "Messages received in the last 30 days",
             _count("received {} in the last 30 days", "message")),
    Feature("orders_after_coupon", "share", PLAIN, "Orders within 14 days after a coupon",
             _share("{} of orders followed a coupon")),
)  # fmt: skip

SEASON = (
    Feature("weekend_share", "share", PLAIN, "Orders on Saturday or Sunday, UTC", _share("{} of orders at weekends")),
    Feature("evening_share", "share", PLAIN, "Orders from 17:00 to 05:00, UTC", _share("{} of orders in the evening")),
    Feature("orders_last_year", "orders", LOG, "Orders in the 90 days that start one year before the as-of time",
             _count("{} in this season a year ago", "order")),
    Feature("spend_last_year", "minor units", LOG, "Amount in the 90 days that start one year before the as-of time",
             _money("spent {} in this season a year ago")),
)  # fmt: skip

BUYING = (
    Feature("alive", "probability", LOGIT, "BG/NBD: probability that the customer has not left",
             _share("rhythm of orders: {} likely still a customer")),
    Feature("chance_90", "probability", LOGIT, "BG/NBD: probability of an order within 90 days",
             _share("rhythm of orders: {} chance within 90 days")),
    Feature("expected_orders_90", "orders", LOG, "BG/NBD: expected days with an order within 90 days while active",
             _measure("rhythm of orders: {} expected within 90 days", "order")),
    Feature("expected_basket", "minor units", LOG, "Mean log amount of orders, shrunk to that of all customers",
             _money("a typical order is {}")),
    Feature("expected_spend_90", "minor units", LOG, "Expected orders times expected basket",
             _money("rhythm and baskets promise {} within 90 days")),
    Feature("order_days", "days", LOG, "Days, in UTC, with an order: the purchases that BG/NBD counts",
             _count("{} with an order", "day")),
)  # fmt: skip

FEATURES = (
    *RECENCY, *FREQUENCY, *SPEND, *RHYTHM, *TREND, *RETURNS, *BREADTH, *FUNNEL, *VISITS, *REVIEWS, *CONTACTS, *SEASON,
    *BUYING,
)  # fmt: skip
NAMES = tuple(feature.name for feature in FEATURES)
BY_NAME = {feature.name: feature for feature in FEATURES}
