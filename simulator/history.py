"""From what a block did to canonical events: which item, what time of day, which price, which words."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from events.event import EVENT_SCHEMA, TIME, EventType
from simulator import behaviour as law
from simulator import reviews
from simulator.catalogue import ANY_COLLECTION, COMPLEMENT, EXTRA_UNITS, Catalogue, Floats, Ints, item_ids, item_nouns
from simulator.journeys import Flags, Journeys, Log
from simulator.shop import HORIZON_DAYS, Shop
from simulator.traits import CHANNELS, Traits, categories

DAY_SECONDS = 86_400
UTC_OFFSET_SECONDS = np.array([0, 0, 3600, 3600, 3600, 3600])
"""By country; summer time is left out."""
WAKING_SECOND = 7 * 3600
WAKING_SECONDS = 13.5 * 3600
STEP_SECONDS = 1500
"""Within a session all views come in the first step, all carts in the second, and the purchase in the third."""
SENDING_SECOND = 4 * 3600
"""Before anybody wakes: what is sent on a day can only be the cause of what the day brings."""
APP_HABIT = 0.8
MAIN_ITEM_VIEWS = 0.45
"""Part of the views of a need that are of its main item."""
DWELL_SPREAD = 0.7
"""Standard deviation of the logarithm of the seconds on a page."""
RETURNED_AFTER, REVIEWED_AFTER = (3, 21), (2, 16)
"""Days, the second exclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """When and where each customer is online on each day, n customers and D days."""

    start: Floats
    """[n, D] seconds after midnight UTC."""
    on_app: Flags
    """[n, D]"""

    def rows(self, step: int, day: Ints, customer: Ints, rng: np.random.Generator) -> dict[str, object]:
        """Time, place and customer of things done in one step of the session."""
        within = self.start[customer, day] + (step + 0.8 * rng.random(len(day))) * STEP_SECONDS
        channel = np.where(self.on_app[customer, day], "app", "web")
        return {"customer": customer, "second": day * DAY_SECONDS + within, "channel": channel}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of orders; every array is [M]."""

    order: Ints
    """Index into the orders of the block."""
    customer: Ints
    day: Ints
    item: Ints
    quantity: Ints
    paid: Ints
    """Unit price in minor units after the coupon."""
    bad: Flags
    extra: Flags
    """A complement bought along, as against the main item."""


def events(
    shop: Shop, goods: Catalogue, traits: Traits, journeys: Journeys, customer_ids: pl.Series, rng: np.random.Generator
) -> pl.DataFrame:
    """Everything the block did over history and future, in EVENT_SCHEMA, ascending by time."""
    sessions = _sessions(shop, traits, rng)
    lines = _lines(goods, traits, journeys, rng)
    parts = [
        *_views(goods, traits, journeys, sessions, lines, rng),
        *_carts(journeys, sessions, lines, rng),
        _purchases(sessions, lines, rng),
        _returns(lines, rng),
        _reviews(goods, traits, lines, rng),
        _sent(EventType.COUPON, traits, journeys.coupons, rng),
        _sent(EventType.MESSAGE, traits, journeys.messages, rng),
    ]
    rows = pl.concat(parts, how="diagonal").filter(pl.col("second") < (shop.days + HORIZON_DAYS) * DAY_SECONDS)
    return _canonical(shop, rows.sort("second", "customer", "event_type", "item", maintain_order=True), customer_ids)


def _sessions(shop: Shop, traits: Traits, rng: np.random.Generator) -> Sessions:
    shape = (len(traits), shop.days + HORIZON_DAYS)
    local = WAKING_SECOND + WAKING_SECONDS * rng.random(shape, dtype=np.float32) ** 0.8
    on_app = (rng.random(shape, dtype=np.float32) < APP_HABIT) & traits.on_app[:, None]
    return Sessions(start=local - UTC_OFFSET_SECONDS[traits.country][:, None], on_app=on_app)


def _lines(goods: Catalogue, traits: Traits, journeys: Journeys, rng: np.random.Generator) -> Lines:
    """The main item of each order and the complements bought along; the same item twice makes one line."""
    day, customer, episode, coupon, bad = journeys.orders.columns(5)
    main = _items_of_needs(journeys)[episode]
    along = np.repeat(np.arange(len(day)), rng.poisson(traits.extra_lines[customer]))
    matching = rng.random(len(along)) < law.MATCHING_EXTRA
    extras = goods.draw(
        rng.random(len(along)),
        hunter=traits.hunter[customer[along]],
        category=COMPLEMENT[goods.category[main[along]]],
        collection=np.where(matching, goods.collection[main[along]], ANY_COLLECTION),
    )
    order, item = np.concatenate([np.arange(len(day)), along]), np.concatenate([main, extras])
    units = 1 + rng.poisson(EXTRA_UNITS[goods.category[item]])
    key, first, place = np.unique(np.stack([order, item]), axis=1, return_index=True, return_inverse=True)
    order, item = key[0], key[1]
    quantity = np.bincount(place.ravel(), weights=units, minlength=len(order)).astype(np.int64)
    paid = np.round(goods.price[item] * (1 - law.COUPON_DISCOUNT * coupon[order])).astype(np.int64)
    return Lines(
        order=order, customer=customer[order], day=day[order], item=item, quantity=quantity, paid=paid,
        bad=bad[order].astype(bool), extra=first >= len(day),
    )  # fmt: skip


def _views(
    goods: Catalogue, traits: Traits, journeys: Journeys, sessions: Sessions, lines: Lines, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    day, customer, episode, level = journeys.views.columns(4)
    main = np.where(episode >= 0, _items_of_needs(journeys)[episode], -1)
    opening = np.zeros(len(day), dtype=bool)
    opening[np.unique(episode, return_index=True)[1]] = True
    on_main = (episode >= 0) & (opening | (rng.random(len(day)) < MAIN_ITEM_VIEWS))
    idle_category = categories(traits.taste[customer], rng.random(len(day)))
    liked = rng.random(len(day)) < law.FAVOURITE_COLLECTION
    around = goods.draw(
        rng.random(len(day)),
        hunter=traits.hunter[customer],
        category=np.where(episode >= 0, goods.category[main], idle_category),
        collection=np.where(liked, traits.favourite[customer], ANY_COLLECTION),
    )
    seen = {
        **sessions.rows(0, day, customer, rng),
        "item": np.where(on_main, main, around),
        "dwell": _dwell(interest(level, engaged=episode >= 0, on_main=on_main), rng),
    }
    day, customer, item = lines.day[lines.extra], lines.customer[lines.extra], lines.item[lines.extra]
    along = {**sessions.rows(0, day, customer, rng), "item": item, "dwell": _dwell(np.full(len(day), 3.6), rng)}
    return _part(EventType.VIEW, seen), _part(EventType.VIEW, along)


def interest(level: Ints | int, *, engaged: Flags | bool, on_main: Flags | bool) -> Floats:
    """Mean of the logarithm of the seconds on a page that is not of something bought along."""
    return np.asarray(2.8 + 0.25 * level + 0.5 * engaged + 0.5 * on_main)


def _dwell(mean: Floats, rng: np.random.Generator) -> Floats:
    """[M] seconds on the page, lognormal; `mean` is that of the logarithm."""
    seconds: Floats = np.exp(mean + DWELL_SPREAD * rng.standard_normal(len(mean)))
    return np.round(seconds, 1)


def _carts(
    journeys: Journeys, sessions: Sessions, lines: Lines, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The main item when the need is ripe, the complements on the day of the order."""
    day, customer, episode = journeys.carts.columns(3)
    main = {**sessions.rows(1, day, customer, rng), "item": _items_of_needs(journeys)[episode]}
    main["quantity"] = np.ones(len(day))
    day, customer, item = lines.day[lines.extra], lines.customer[lines.extra], lines.item[lines.extra]
    along = {
        **sessions.rows(1, day, customer, rng),
        "item": item,
        "quantity": lines.quantity[lines.extra].astype(float),
    }
    return _part(EventType.CART, main), _part(EventType.CART, along)


def _purchases(sessions: Sessions, lines: Lines, rng: np.random.Generator) -> pl.DataFrame:
    """All lines of an order at the same moment."""
    first = np.unique(lines.order, return_index=True)[1]
    placed = sessions.rows(2, lines.day[first], lines.customer[first], rng)
    frame = _part(EventType.PURCHASE, {**placed, "order": lines.order[first]})
    bought = {"order": lines.order, "item": lines.item, "quantity": lines.quantity.astype(float), "paid": lines.paid}
    return frame.join(pl.DataFrame(bought), on="order", maintain_order="left_right")


def _returns(lines: Lines, rng: np.random.Generator) -> pl.DataFrame:
    back = np.flatnonzero(rng.random(len(lines.day)) < np.where(lines.bad, law.RETURN_BAD, law.RETURN_GOOD))
    units = rng.integers(1, lines.quantity[back] + 1)
    day = lines.day[back] + rng.integers(*RETURNED_AFTER, len(back))
    return _part(
        EventType.RETURN,
        {
            "customer": lines.customer[back], "second": _office_hours(day, rng), "order": lines.order[back],
            "item": lines.item[back], "quantity": units.astype(float), "paid": lines.paid[back],
        },
    )  # fmt: skip


def _reviews(goods: Catalogue, traits: Traits, lines: Lines, rng: np.random.Generator) -> pl.DataFrame:
    eager = np.where(lines.bad, law.REVIEW_BAD, law.REVIEW_GOOD) * traits.talkativeness[lines.customer]
    told = np.flatnonzero(rng.random(len(lines.day)) < eager)
    customer, item, bad = lines.customer[told], lines.item[told], lines.bad[told]
    rating = reviews.stars(bad, traits.positivity[customer], rng)
    nouns = item_nouns(goods)
    text = reviews.words(rating, bad, [nouns[index] for index in item], rng)
    second = _office_hours(lines.day[told] + rng.integers(*REVIEWED_AFTER, len(told)), rng)
    columns = {"customer": customer, "second": second, "order": lines.order[told], "item": item, "rating": rating}
    return _part(EventType.REVIEW, {**columns, "text": pl.Series(text, dtype=pl.String)})


def _sent(kind: EventType, traits: Traits, log: Log, rng: np.random.Generator) -> pl.DataFrame:
    day, customer = log.columns(2)
    # A trial also reaches customers who agreed to no channel: they see the coupon in the shop.
    channel = np.array([*CHANNELS, "web"])[traits.preferred[customer]]
    second = day * DAY_SECONDS + SENDING_SECOND + rng.random(len(day)) * STEP_SECONDS
    return _part(kind, {"customer": customer, "second": second, "channel": channel})


def _office_hours(day: Ints, rng: np.random.Generator) -> Floats:
    return day * DAY_SECONDS + 8 * 3600 + rng.random(len(day)) * 10 * 3600


def _items_of_needs(journeys: Journeys) -> Ints:
    return journeys.episodes.columns(1)[0]


def _part(kind: EventType, columns: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(columns).with_columns(pl.lit(kind.value, dtype=pl.Int16).alias("event_type"))


def _canonical(shop: Shop, rows: pl.DataFrame, customer_ids: pl.Series) -> pl.DataFrame:
    """Ids count up along each customer's history, so they are the same on every run and unique in the shop."""
    number = pl.int_range(1, pl.len() + 1).over("customer")
    order = pl.col("order").rank("dense").over("customer")
    start = int(shop.start.timestamp() * 1000)
    key = customer_ids.gather(rows["customer"])
    items = pl.Series(item_ids(shop.items), dtype=pl.String)
    bare = rows.with_columns(customer_id=key, number=number, order_number=order, item_id=items.gather(rows["item"]))
    return bare.select(
        pl.format("{}-{}", "customer_id", "number").alias("event_id"),
        "customer_id",
        (pl.lit(start) + (pl.col("second") * 1000).cast(pl.Int64))
        .cast(pl.Datetime("ms", "UTC"))
        .cast(TIME)
        .alias("time"),
        "event_type",
        pl.format("{}-O{}", "customer_id", "order_number").alias("order_id"),
        "item_id",
        "quantity",
        pl.col("paid").alias("unit_price_minor"),
        pl.when(pl.col("paid").is_not_null()).then(pl.lit(shop.currency)).alias("currency"),
        "channel",
        pl.col("rating").cast(pl.Int16),
        pl.col("dwell").alias("dwell_seconds"),
        "text",
        pl.lit(None, dtype=pl.String).alias("attribution_token"),
    ).cast(EVENT_SCHEMA)
