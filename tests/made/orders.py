"""Orders that customers of a test make, counted in days from the moment at which it stands."""

from dataclasses import replace
from datetime import timedelta

from database.events.store import insert_events
from database.session import Database
from events.event import Event, EventType
from made.campaigns import NOW


def purchase(who: str, minor: int, *, days: float = 5, kind: EventType = EventType.PURCHASE, **more: object) -> Event:
    return replace(
        Event(
            event_id=f"{who}-{days}-{kind}", customer_id=who, time=NOW + timedelta(days=days), event_type=kind,
            order_id=f"o-{who}-{days}", item_id="i", quantity=1.0, unit_price_minor=minor, currency="GBP",
        ),
        **more,  # type: ignore[arg-type]  # the names are those of the event
    )  # fmt: skip


def record(database: Database, events: list[Event]) -> None:
    with database.writing() as transaction:
        insert_events(transaction, events)
