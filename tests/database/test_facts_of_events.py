"""One statement for all says of each customer what a slow reading of their events in Python says."""

from collections.abc import Sequence

import pytest
from facts_at_hand import AS_OF, CATEGORIES, ago, facts_now, stock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from database.audiences import facts
from database.audiences.tables import CustomerFactsRow
from database.customers.tables import CustomerRow
from database.events.store import insert_events
from database.events.tables import EventRow, ItemRow
from database.session import Database
from events.event import Event, EventType

days = st.sampled_from([-1.0, 0.0, 0.5, 29.5, 30.0, 30.5, 90.0, 365.0, 365.5, 800.0])
events: st.SearchStrategy[list[dict[str, object]]] = st.lists(
    st.builds(
        dict,
        customer_id=st.sampled_from(["anna", "ben"]),
        days=days,
        event_type=st.sampled_from(EventType),
        order_id=st.none() | st.sampled_from(["x", "y"]),
        item_id=st.sampled_from([*CATEGORIES, "unlisted"]),
        quantity=st.none() | st.sampled_from([0.5, 1.0, 3.0]),
        unit_price_minor=st.none() | st.sampled_from([1, 99, 1_050]),
        currency=st.none() | st.sampled_from(["GBP", "EUR"]),
        rating=st.none() | st.integers(1, 5),
        channel=st.sampled_from([None, "web", "Email", "SMS", "on_site"]),
    ),
    max_size=12,
)


@given(made=events)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_statement_for_all_says_what_python_reads_of_each(
    database: Database, made: list[dict[str, object]]
) -> None:
    recorded = [event_of(number, values) for number, values in enumerate(made)]
    with database.writing() as transaction:
        for row in (EventRow, ItemRow, CustomerRow, CustomerFactsRow):
            transaction.execute(delete(row))
        stock(transaction)
        insert_events(transaction, recorded)
        count = facts.refresh(transaction, None, as_of=AS_OF, currency="GBP")
    customers = {event.customer_id for event in recorded}
    assert count == len(customers)
    for customer_id in customers:
        with database.reading() as snapshot:
            stored = facts.stored_facts(snapshot, customer_id)
        assert stored is not None
        assert stored.facts == facts_now(database, customer_id)
        expected = read_slowly([event for event in recorded if event.customer_id == customer_id and event.time < AS_OF])
        assert {name: stored.facts.get(name) for name in expected} == expected


def event_of(number: int, values: dict[str, object]) -> Event:
    details = {name: value for name, value in values.items() if name != "days"}
    offset = values["days"]
    assert isinstance(offset, float)
    return Event(event_id=f"e{number:02}", time=ago(offset), **details)  # type: ignore[arg-type]  # drawn to fit


def read_slowly(history: Sequence[Event]) -> dict[str, object]:
    """What events say, one fact after the other; those that are not known are None."""
    purchases = [event for event in history if event.event_type is EventType.PURCHASE]
    orders: dict[str, list[Event]] = {}
    for event in purchases:
        orders.setdefault(event.order_id or event.event_id, []).append(event)
    placed = [(min(event.time for event in lines), sum(map(amount, lines))) for lines in orders.values()]
    spend = sum(value for _, value in placed)
    returned = sum(amount(event) for event in history if event.event_type is EventType.RETURN)
    ratings = [event.rating for event in history if event.event_type is EventType.REVIEW and event.rating is not None]
    known = [event for event in purchases if CATEGORIES.get(event.item_id or "") is not None]
    latest = max(known, key=lambda event: (event.time, event.event_id), default=None)
    paths = {CATEGORIES[event.item_id or ""] or "" for event in known}
    return {
        "orders": len(placed),
        "orders_30": sum(time >= ago(30) for time, _ in placed),
        "orders_90": sum(time >= ago(90) for time, _ in placed),
        "spend": spend,
        "spend_365": sum(value for time, value in placed if time >= ago(365)),
        "average_order": int(spend / len(placed) + 0.5) if placed else None,
        "returned_share": min(1.0, returned / spend) if spend else None,
        "days_since_purchase": days_since(purchases),
        "days_since_view": days_since([event for event in history if event.event_type is EventType.VIEW]),
        "days_since_message": days_since([event for event in history if event.event_type is EventType.MESSAGE]),
        "days_since_seen": days_since([event for event in history if event.event_type <= EventType.REVIEW]),
        "carts_30": sum(event.event_type is EventType.CART and event.time >= ago(30) for event in history),
        "average_rating": pytest.approx(sum(ratings) / len(ratings)) if ratings else None,
        "customer_since": min((event.time for event in history), default=None),
        **{f"{name}_responses": responses(history, name) for name in ("on_site", "email", "sms", "push")},
        "categories": frozenset(path for whole in paths for path in (whole, whole.split("|")[0])),
        "last_category": None if latest is None else CATEGORIES[latest.item_id or ""],
    }


def responses(history: Sequence[Event], channel: str) -> int:
    own = [event for event in history if event.event_type <= EventType.REVIEW and event.time >= ago(365)]
    return sum((event.channel or "").lower() == channel for event in own)


def amount(event: Event) -> int:
    if event.currency == "EUR" or event.unit_price_minor is None:
        return 0
    return round((1 if event.quantity is None else event.quantity) * event.unit_price_minor)


def days_since(happened: Sequence[Event]) -> int | None:
    return min(((AS_OF - event.time).days for event in happened), default=None)
