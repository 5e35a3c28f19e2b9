"""What will really happen to each customer, as probabilities: computed from the hidden state, never by simulation.

The chain of `behaviour` is pushed forward day by day from the state at `as_of`, so purchase and churn probabilities,
expected orders and uplift are exact. They are conditional on the traits and the hidden state, with campaigns and
newsletters going on as planned and assigned at random. Expected spend is the expected number of orders times the mean
basket of the first and of the later orders, given the category of the last purchase; it leaves out which item an open
need is about, and takes the third order and those after it to be like the second.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from simulator import behaviour as law
from simulator.catalogue import ANY_COLLECTION, CATEGORIES, COMPLEMENT, EXTRA_UNITS, Catalogue, Floats, Ints
from simulator.chain import drift, experience, move
from simulator.journeys import Flags, State, campaign_day
from simulator.seasons import demand, leisure
from simulator.shop import HORIZON_DAYS, Shop
from simulator.traits import Traits

TRUTH_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "purchase_probability_30": pl.Float64(),
        "purchase_probability_60": pl.Float64(),
        "purchase_probability": pl.Float64(),
        "purchase_probability_with_coupon": pl.Float64(),
        "uplift": pl.Float64(),
        "expected_orders": pl.Float64(),
        "expected_spend_minor": pl.Float64(),
        "churn_probability": pl.Float64(),
        "lapsed": pl.Boolean(),
        "price_sensitivity": pl.Float64(),
        "in_trial": pl.Boolean(),
    }
)
"""As of the cut-off, over the 90 days after it. `purchase_probability` is without a further coupon, `uplift` what one
issued at `as_of` adds to it; churn is to have left for good by the end of the 90 days, `lapsed` to have left already.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the chain says about n customers."""

    purchase: Floats
    """[horizon, n] probability of at least one purchase by the end of each day."""
    first_value: Floats
    """[n] probability of a first purchase, each weighted with the part of the price that is left after its coupon."""
    orders: Floats
    """[n] expected number of orders."""
    order_value: Floats
    """[n] the same, weighted like `first_value`."""
    lapsed: Floats
    """[n] probability to have left for good at the end."""


def truth(
    shop: Shop, goods: Catalogue, traits: Traits, state: State, *, customer_ids: pl.Series, in_trial: Flags
) -> pl.DataFrame:
    """One row in TRUTH_SCHEMA for each customer; `in_trial` [n] says who got a coupon at `as_of`."""
    plain = outlook(shop, traits, state, coupon_now=False)
    treated = outlook(shop, traits, state, coupon_now=True).purchase[-1]
    first, later = basket_values(goods, traits, state.last_category)
    repeats = plain.order_value - plain.first_value
    return pl.DataFrame(
        {
            "customer_id": customer_ids,
            "purchase_probability_30": plain.purchase[29],
            "purchase_probability_60": plain.purchase[59],
            "purchase_probability": plain.purchase[-1],
            "purchase_probability_with_coupon": treated,
            "uplift": treated - plain.purchase[-1],
            "expected_orders": plain.orders,
            "expected_spend_minor": plain.first_value * first + repeats * later,
            "churn_probability": plain.lapsed,
            "lapsed": state.level == law.LAPSED,
            "price_sensitivity": traits.price_sensitivity,
            "in_trial": in_trial,
        }
    )


def outlook(shop: Shop, traits: Traits, state: State, *, coupon_now: bool) -> Outlook:
    """Push the state at `as_of` through the 90 days after it; `coupon_now` gives everyone a coupon on the first."""
    start = np.zeros((law.LEVELS, law.INTENTS, 2, len(traits)))
    start[state.level, state.intent, state.coupon, np.arange(len(traits))] = 1.0
    return outlook_from(shop, traits, start, coupon_now=coupon_now)


def outlook_from(shop: Shop, traits: Traits, start: Floats, *, coupon_now: bool = False) -> Outlook:
    """From the chances [levels, intents, coupon, n] of each state at `as_of`."""
    count = len(traits)
    # Alone are those who have not bought since as_of; together everyone.
    chains = {"alone": start, "together": start.copy()}
    value = {name: np.zeros(count) for name in chains}
    orders, purchase = np.zeros(count), np.zeros((HORIZON_DAYS, count))
    busy, free = demand(shop)[shop.days :], leisure(shop)[shop.days :]
    for ahead in range(HORIZON_DAYS):
        needing = _needing(shop, traits, day=shop.days + ahead, busy=busy[ahead])
        for name, chance in chains.items():
            _address(shop, traits, chance, day=shop.days + ahead, coupon_now=coupon_now and ahead == 0)
            _want(chance, needing)
            bought = _buy(traits, chance, free[ahead])
            if name == "together":
                orders += bought.sum(axis=(0, 1))
                experience(traits, chance, bought)
            else:
                purchase[ahead] = bought.sum(axis=(0, 1))
            value[name] += bought[:, 0].sum(axis=0) + bought[:, 1].sum(axis=0) * (1 - law.COUPON_DISCOUNT)
            drift(traits, chance)
    return Outlook(
        purchase=np.cumsum(purchase, axis=0), first_value=value["alone"], orders=orders, order_value=value["together"],
        lapsed=chains["together"][law.LAPSED].sum(axis=(0, 1)),
    )  # fmt: skip


def basket_values(goods: Catalogue, traits: Traits, last_category: Ints) -> tuple[Floats, Floats]:
    """Mean undiscounted value [n] of the next order and of the orders after it, in minor units."""
    taste = np.diff(traits.taste, prepend=0.0, axis=1)
    value = _main_and_extras(goods, traits)
    follows = law.COMPLEMENT_NEXT * (last_category >= 0)[:, None]
    first = follows * np.eye(CATEGORIES)[COMPLEMENT[last_category]] + (1 - follows) * taste
    followed = np.zeros_like(first)
    followed[:, COMPLEMENT] = first
    later = law.COMPLEMENT_NEXT * followed + (1 - law.COMPLEMENT_NEXT) * taste
    return (first * value).sum(axis=1), (later * value).sum(axis=1)


def _main_and_extras(goods: Catalogue, traits: Traits) -> Floats:
    """[n, CATEGORIES] mean value of an order whose main item is of the category."""
    units = 1 + EXTRA_UNITS[:, None]
    price = goods.mean_price() * units
    favourite, whole = price[:, :, :ANY_COLLECTION], price[:, :, ANY_COLLECTION:]
    complement = price[:, COMPLEMENT]
    matching, other = complement[:, :, :ANY_COLLECTION], complement[:, :, ANY_COLLECTION:]
    share = goods.collection_share()
    any_matching = (share * matching).sum(axis=2, keepdims=True)
    loyal = law.FAVOURITE_COLLECTION
    main = loyal * favourite + (1 - loyal) * whole
    # A favourite collection that the category lacks is replaced by the whole category.
    match = np.where(share > 0, matching, any_matching)
    extra = law.MATCHING_EXTRA * (loyal * match + (1 - loyal) * any_matching) + (1 - law.MATCHING_EXTRA) * other
    hunter, liked = traits.hunter, traits.favourite
    values: Floats = main[hunter, :, liked] + traits.extra_lines[:, None] * extra[hunter, :, liked]
    return values


def _needing(shop: Shop, traits: Traits, *, day: int, busy: float) -> Floats:
    """[levels, coupon, n] probability that a need arises, over who gets a message."""
    share = shop.message_share * campaign_day(day, shop.message_every_days) * traits.addressable
    probability = np.empty((law.LEVELS, 2, len(traits)))
    for level in range(law.LEVELS):
        for coupon in (0, 1):
            factor = law.NEED[level] * busy
            silent = law.onset(traits, factor, coupon=coupon, messaged=0)
            told = law.onset(traits, factor, coupon=coupon, messaged=1)
            probability[level, coupon] = (1 - share) * silent + share * told
    return probability


def _address(shop: Shop, traits: Traits, chance: Floats, *, day: int, coupon_now: bool) -> None:
    move(chance[:, :, 1], chance[:, :, 0], law.FORGET_COUPON)
    if campaign_day(day, shop.campaign_every_days):
        move(chance[:, :, 0], chance[:, :, 1], shop.coupon_share * traits.addressable.astype(np.float64))
    if coupon_now:
        move(chance[:, :, 0], chance[:, :, 1], 1.0)


def _want(chance: Floats, needing: Floats) -> None:
    move(chance[:, law.IDLE], chance[:, law.BROWSING], needing)
    ripe, faded = law.RIPEN * chance[:, law.BROWSING], law.LOSE_INTEREST * chance[:, law.BROWSING]
    chance[:, law.READY] += ripe
    chance[:, law.IDLE] += faded
    chance[:, law.BROWSING] -= ripe + faded


def _buy(traits: Traits, chance: Floats, free: float) -> Floats:
    """[levels, coupon, n] probability to buy today, taken out of the chain; abandoned carts go back to idle."""
    buy = np.stack([law.buying(traits, coupon=coupon, leisure=free) for coupon in (0, 1)])
    ready = chance[:, law.READY]
    bought, abandoned = ready * buy, ready * law.abandoning(buy)
    chance[:, law.READY] -= bought + abandoned
    chance[:, law.IDLE] += abandoned
    return bought
