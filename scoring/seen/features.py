"""Tabular features of (customer, as-of time) pairs: one implementation for training and for serving.

Only actions strictly before the as-of time count. A column is NaN where the feature is not defined; the registry says
what each column means. P pairs, E seen actions.
"""

import numpy as np

from events.event import EventType
from scoring import buying
from scoring.buying import BuyingModel
from scoring.seen.actions import Actions, Floats, Integers, Pairs
from scoring.seen.feature_registry import NAMES
from scoring.seen.view import DAY, EVER, W7, W30, W90, W180, W365, View, Where, view_of

MONTH = 30.4375
"""Days."""
SHORTEST_TENURE = 30.0
"""Days that a rate is taken over at least, so that one order yesterday is not thirty a month."""
SETTLED = 90.0
"""Days of records without a customer, after which it is a new one; and in which it ceases to look like one."""
COUPON_DAYS = 14.0
EXPANDED = 1_000_000
"""Actions expanded at once: bounds the memory of a large training set."""
SATURDAY = 5
EVENING, MORNING = 17, 5
"""Hours."""

VIEW, CART, PURCHASE, RETURN, REVIEW, COUPON, MESSAGE = EventType

Columns = dict[str, Floats]


def raw_features(actions: Actions, pairs: Pairs, model: BuyingModel) -> Floats:
    """[P, F] raw values in the order of the registry."""
    sizes = np.cumsum(pairs.last - pairs.first)
    if len(pairs) == 0 or sizes[-1] <= EXPANDED:
        return _matrix(view_of(actions, pairs), model)
    cuts = np.unique(np.searchsorted(sizes, np.arange(EXPANDED, sizes[-1], EXPANDED)))
    blocks = np.split(np.arange(len(pairs)), cuts)
    return np.concatenate([_matrix(view_of(actions, pairs.some(block)), model) for block in blocks])


def _matrix(view: View, model: BuyingModel) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        counts, amounts = view.windows(), view.windows(view.amount)
        bought = view.kind == PURCHASE
        columns = _recency(view, bought)
        columns |= _beginning(view, columns["days_known"], model.records_begin)
        columns |= _frequency(counts, columns["days_known"])
        columns |= _spend(view, amounts, counts, bought, columns["days_known"])
        columns |= _rhythm(view, bought, columns["days_since_order"])
        columns |= _trend(counts, amounts, columns)
        columns |= _returns(counts, amounts)
        columns |= _breadth(view, bought, columns)
        # All of it, where there is no order.
        since_order = ~(view.age >= columns["days_since_order"][view.pair])
        columns |= _funnel(view, counts, since_order, columns)
        columns |= _visits(view, columns)
        columns |= _answers(view, counts, bought, since_order)
        columns |= _season(view, bought)
        columns |= _buying(view, bought, columns, model)
    return np.array([columns[name] for name in NAMES]).T


def _recency(view: View, bought: Where) -> Columns:
    own, since = view.kind < COUPON, view.silence()
    return {
        "days_since_view": since[:, VIEW],
        "days_since_cart": since[:, CART],
        "days_since_order": since[:, PURCHASE],
        "days_since_return": since[:, RETURN],
        "days_since_review": since[:, REVIEW],
        "days_since_coupon": since[:, COUPON],
        "days_since_message": since[:, MESSAGE],
        "days_since_event": view.last(view.age, own),
        "days_known": view.first(view.age, own),
        "days_as_buyer": view.first(view.age, bought),
    }


def _beginning(view: View, known: Floats, begin: float) -> Columns:
    """Records that begin in the middle of a shop's life show its old customers first, and they look new."""
    before = np.clip((view.pairs.as_of - begin) / DAY - known, 0.0, SETTLED)
    return {"seen_early": (1.0 - before / SETTLED) * np.exp(-known / SETTLED)}


def _frequency(counts: Floats, known: Floats) -> Columns:
    orders, own = counts[:, PURCHASE], counts[:, :COUPON].sum(axis=1)
    return {
        "orders": orders[:, EVER],
        "orders_30": orders[:, W30],
        "orders_90": orders[:, W90],
        "orders_180": orders[:, W180],
        "orders_365": orders[:, W365],
        "orders_per_month": orders[:, EVER] / np.maximum(known, SHORTEST_TENURE) * MONTH,
        "events_7": own[:, W7],
        "events_30": own[:, W30],
        "events_90": own[:, W90],
    }


def _spend(view: View, amounts: Floats, counts: Floats, bought: Where, known: Floats) -> Columns:
    spend, orders = amounts[:, PURCHASE], counts[:, PURCHASE, EVER]
    logs = np.log1p(view.amount)
    mean = view.total(logs, bought) / orders
    variance = view.total(logs * logs, bought) / orders - mean * mean
    return {
        "spend": spend[:, EVER],
        "spend_30": spend[:, W30],
        "spend_90": spend[:, W90],
        "spend_365": spend[:, W365],
        "spend_per_month": spend[:, EVER] / np.maximum(known, SHORTEST_TENURE) * MONTH,
        "mean_basket": spend[:, EVER] / orders,
        "last_basket": view.last(view.amount, bought),
        "largest_basket": np.where(orders > 0, view.largest(view.amount, bought), np.nan),
        "basket_spread": np.where(orders > 1, np.sqrt(np.maximum(variance, 0.0)), np.nan),
    }


def _rhythm(view: View, bought: Where, silent: Floats) -> Columns:
    pair, age = view.pair[bought], view.age[bought]
    same = pair[1:] == pair[:-1]
    gap, of = (age[:-1] - age[1:])[same], pair[1:][same]
    size = len(view.pairs)
    count = np.bincount(of, minlength=size)
    mean = np.bincount(of, gap, minlength=size) / count
    variance = np.bincount(of, gap * gap, minlength=size) / count - mean * mean
    longest, last = np.full(size, np.nan), np.full(size, np.nan)
    np.fmax.at(longest, of, gap)
    last[of] = gap
    longer = np.bincount(of[gap > silent[of]], minlength=size)
    return {
        "mean_gap": mean,
        "gap_spread": np.where(count > 1, np.sqrt(np.maximum(variance, 0.0)) / np.maximum(mean, 1.0), np.nan),
        "longest_gap": longest,
        "last_gap": last,
        "overdue": silent / np.maximum(mean, 1.0),
        "longer_pauses": np.where(count > 1, (longer + 0.5) / (count + 1.0), np.nan),
    }


def _trend(counts: Floats, amounts: Floats, columns: Columns) -> Columns:
    orders, spend, own = counts[:, PURCHASE], amounts[:, PURCHASE], counts[:, :COUPON].sum(axis=1)
    return {
        "order_trend": np.log((orders[:, W90] + 0.5) / (orders[:, W180] - orders[:, W90] + 0.5)),
        "spend_trend": np.log1p(spend[:, W90]) - np.log1p(spend[:, W180] - spend[:, W90]),
        "basket_trend": np.log1p(columns["last_basket"]) - np.log1p(columns["mean_basket"]),
        "event_trend": np.log((own[:, W30] + 0.5) / (own[:, W90] / 3 + 0.5)),
    }


def _returns(counts: Floats, amounts: Floats) -> Columns:
    returns = counts[:, RETURN]
    return {
        "returns": returns[:, EVER],
        "returns_90": returns[:, W90],
        "returned_share": amounts[:, RETURN, EVER] / np.maximum(amounts[:, PURCHASE, EVER], 1.0),
        "returns_per_order": returns[:, EVER] / np.maximum(counts[:, PURCHASE, EVER], 1.0),
    }


def _breadth(view: View, bought: Where, columns: Columns) -> Columns:
    lines_of, quantity_of = view.actions.lines[view.action].astype(np.float64), view.actions.quantity[view.action]
    lines, quantity, orders = view.total(lines_of, bought), view.total(quantity_of, bought), columns["orders"]
    items = distinct(view, view.actions.previous_item)
    return {
        "distinct_items": items,
        "distinct_categories": distinct(view, view.actions.previous_category),
        "repeat_share": 1.0 - items / lines,
        "lines_per_order": lines / orders,
        "last_lines": view.last(lines_of, bought),
        "units_per_order": quantity / orders,
        "units_per_line": quantity / lines,
        "unit_price": np.where(orders > 0, columns["spend"] / np.maximum(quantity, 1.0), np.nan),
    }


def distinct(view: View, previous: Integers) -> Floats:
    """[P] rows in view whose key the customer has not bought before within the view."""
    rows, pairs = view.actions.rows, view.pairs
    new = np.append(0, np.cumsum(previous == -1))
    begin, stop = rows[pairs.first], rows[pairs.last]
    found: Floats = (new[stop] - new[begin]).astype(np.float64)
    for place in np.flatnonzero(pairs.first > view.actions.offsets[pairs.customer]):
        found[place] = np.count_nonzero(previous[begin[place] : stop[place]] < begin[place])
    return found


def _funnel(view: View, counts: Floats, since_order: Where, columns: Columns) -> Columns:
    views, carts = counts[:, VIEW], counts[:, CART]
    seen, filled = (np.where(each[:, EVER] > 0, each[:, EVER], np.nan) for each in (views, carts))
    dwell = view.actions.dwell[view.action]
    looked = view.kind == VIEW
    return {
        "views": views[:, EVER],
        "views_7": views[:, W7],
        "views_30": views[:, W30],
        "carts": carts[:, EVER],
        "carts_30": carts[:, W30],
        "views_since_order": view.count(looked & since_order),
        "carts_since_order": view.count((view.kind == CART) & since_order),
        "carts_per_view": carts[:, EVER] / seen,
        "orders_per_cart": columns["orders"] / filled,
        "mean_dwell": view.total(dwell, looked) / seen,
        "dwell_30": view.total(dwell, looked & (view.age <= 30.0)),  # noqa: PLR2004  the name says it
    }


def _visits(view: View, columns: Columns) -> Columns:
    """Days with a product view. A shop that records no views has none, and no more features of its orders."""
    looked = view.kind == VIEW
    pair, age, day = view.pair[looked], view.age[looked], view.actions.time[view.action[looked]] // DAY
    first = np.ones(len(pair), dtype=bool)
    first[1:] = (pair[1:] != pair[:-1]) | (day[1:] != day[:-1])
    pair, age = pair[first], age[first]
    ever, last_30, last_90 = (
        np.bincount(pair[age <= days], minlength=len(view.pairs)).astype(np.float64) for days in (np.inf, 30.0, 90.0)
    )
    silent, known = columns["days_since_view"], view.first(view.age, looked)
    usual = np.where(ever > 1, (known - silent) / (ever - 1), known)
    pace = (last_90 + 1) / np.clip(known, SHORTEST_TENURE, 90.0)
    return {
        "visits_30": np.where(ever > 0, last_30, np.nan),
        "visits_90": np.where(ever > 0, last_90, np.nan),
        "visits_per_month": ever / np.maximum(known, SHORTEST_TENURE) * MONTH,
        "visit_overdue": silent / np.maximum(usual, 1.0),
        "missed_visits": silent * pace,
    }


def _answers(view: View, counts: Floats, bought: Where, since_order: Where) -> Columns:
    stars = view.actions.rating[view.action]
    rated = (view.kind == REVIEW) & ~np.isnan(stars)
    received = np.where(view.kind == COUPON, np.arange(len(view.pair)), -1)
    latest = np.maximum.accumulate(received) if len(received) else received
    near = (latest >= 0) & (view.pair[latest] == view.pair) & (view.age[latest] - view.age <= COUPON_DAYS)
    return {
        "reviews": counts[:, REVIEW, EVER],
        "mean_rating": view.total(stars, rated) / view.count(rated),
        "last_rating": view.last(stars, rated),
        "rating_since_order": view.last(stars, rated & since_order),
        "coupons": counts[:, COUPON, EVER],
        "coupons_30": counts[:, COUPON, W30],
        "messages_30": counts[:, MESSAGE, W30],
        "orders_after_coupon": view.count(bought & near) / counts[:, PURCHASE, EVER],
    }


def _season(view: View, bought: Where) -> Columns:
    time = view.actions.time[view.action]
    weekday, hour = (time // DAY + 3) % 7, time % DAY // 3600
    last_year = bought & (view.age <= 365.0) & (view.age > 275.0)  # noqa: PLR2004  365 and 365 - 90 days
    orders = view.count(bought)
    return {
        "weekend_share": view.count(bought & (weekday >= SATURDAY)) / orders,
        "evening_share": view.count(bought & ((hour >= EVENING) | (hour < MORNING))) / orders,
        "orders_last_year": view.count(last_year),
        "spend_last_year": view.total(view.amount, last_year),
    }


def _buying(view: View, bought: Where, columns: Columns, model: BuyingModel) -> Columns:
    orders, age, order_days = columns["orders"], columns["days_as_buyer"], _order_days(view, bought)
    repeats, last = order_days - 1.0, age - columns["days_since_order"]
    expected = buying.rate(model, repeats, age) * buying.HORIZON_DAYS * buying.alive(model, repeats, last, age)
    basket = buying.basket(model, view.total(np.log1p(view.amount), bought), orders)
    buyers = orders > 0
    return {
        "alive": np.where(buyers, buying.alive(model, repeats, last, age), np.nan),
        "chance_90": np.where(buyers, buying.chance(model, repeats, last, age), np.nan),
        "expected_orders_90": np.where(buyers, expected, np.nan),
        "expected_basket": np.where(buyers, basket, np.nan),
        "expected_spend_90": np.where(buyers, expected * basket, np.nan),
        "order_days": order_days,
    }


def _order_days(view: View, bought: Where) -> Floats:
    """[P] days with an order. A second one on the same day is no coming again, and whoever placed it has not left."""
    pair, day = view.pair[bought], view.actions.time[view.action][bought] // DAY
    new = np.append(True, (pair[1:] != pair[:-1]) | (day[1:] != day[:-1]))[: len(pair)]
    return np.bincount(pair[new], minlength=len(view.pairs)).astype(np.float64)
