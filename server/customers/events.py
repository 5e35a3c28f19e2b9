"""Events between the wire and us."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tierwise.v1 import event_pb2

from events.currency import LARGEST_MINOR
from events.event import EARLIEST, Event, EventType
from server.wire.money import minor_units, money
from server.wire.refusals import InvalidRequest
from server.wire.stamps import moment, stamp

AHEAD = timedelta(minutes=5)
"""How far a shop's clock may be ahead of ours."""
SESSION_EVENT = "session"


def event_message(event: Event) -> event_pb2.Event:
    message = event_pb2.Event(
        name=f"customers/{event.customer_id}/events/{event.event_id}", event_time=stamp(event.time),
        type=event_pb2.Event.Type.ValueType(event.event_type), order_id=event.order_id or "",
        item_id=event.item_id or "", quantity=event.quantity, channel=event.channel or "", rating=event.rating,
        text=event.text or "", attribution_token=event.attribution_token or "",
    )  # fmt: skip
    if event.unit_price_minor is not None:
        message.unit_price.CopyFrom(money(event.unit_price_minor, event.currency or ""))
    if event.dwell_seconds is not None:
        message.dwell_duration.FromMicroseconds(round(event.dwell_seconds * 1e6))
    return message


def event_value(message: event_pb2.Event, *, customer_id: str, event_id: str, field: str, now: datetime) -> Event:
    """From the wire; `field` is the path of the message. Raises InvalidRequest."""
    time = moment(message.event_time)
    if time > now + AHEAD:
        raise InvalidRequest.of(f"{field}.event_time", f"{time.isoformat()} is in the future")
    if time < EARLIEST:
        raise InvalidRequest.of(f"{field}.event_time", f"{time.isoformat()} lies before {EARLIEST.year}")
    priced = message.HasField("unit_price")
    price = minor_units(message.unit_price, f"{field}.unit_price") if priced else None
    if max(message.quantity, 1) * (price or 0) > LARGEST_MINOR:
        raise InvalidRequest.of(f"{field}.quantity", "times the price is larger than any order")
    return Event(
        event_id=event_id, customer_id=customer_id, time=time, event_type=EventType(message.type),
        order_id=message.order_id or None, item_id=message.item_id or None,
        quantity=message.quantity if message.HasField("quantity") else None,
        unit_price_minor=price,
        currency=message.unit_price.currency_code if priced else None,
        channel=message.channel or None, rating=message.rating if message.HasField("rating") else None,
        dwell_seconds=_dwell(message), text=message.text or None, attribution_token=message.attribution_token or None,
    )  # fmt: skip


def session_events(
    messages: Iterable[event_pb2.Event], *, customer_id: str, now: datetime, root: str = ""
) -> tuple[Event, ...]:
    """What a customer did just now, in the order of the messages; never recorded. Raises InvalidRequest."""
    return tuple(
        event_value(
            message, customer_id=customer_id, event_id=f"{SESSION_EVENT}-{place}",
            field=f"{root}session_events[{place}]", now=now,
        )
        for place, message in enumerate(messages)
    )  # fmt: skip


def _dwell(message: event_pb2.Event) -> float | None:
    return message.dwell_duration.ToMicroseconds() / 1e6 if message.HasField("dwell_duration") else None
