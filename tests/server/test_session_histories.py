"""Recorded events and a session make the same histories as if all had been recorded."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from events.event import EVENT_SCHEMA, Event, EventType
from events.history import Histories
from server.scoring.session_histories import INSTANT, present, with_sessions

START = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = ["anna", "ben", "cleo"]


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Each at a minute of its own, so that their order is known."""
    minutes = draw(st.lists(st.integers(0, 10_000), unique=True, max_size=12))
    return [
        Event(
            event_id=f"e{minute}", customer_id=draw(st.sampled_from(CUSTOMERS)),
            time=START + timedelta(minutes=minute), event_type=draw(st.sampled_from(EventType)),
            item_id=draw(st.sampled_from([None, "mug"])), unit_price_minor=draw(st.sampled_from([None, 250])),
            rating=draw(st.sampled_from([None, 4])), text=draw(st.sampled_from([None, "fine"])),
        )
        for minute in minutes
    ]  # fmt: skip


def histories(found: Sequence[Event]) -> Histories:
    rows = [astuple(event) for event in found]
    return Histories.from_frame(pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"), CUSTOMERS)


@settings(max_examples=60, deadline=None)
@given(everything=events(), cut=st.integers(0, 12))
def test_any_split_into_recorded_and_session_makes_the_same_histories(everything: list[Event], cut: int) -> None:
    session = everything[cut:]
    merged = with_sessions(
        histories(everything[:cut]), [[event for event in session if event.customer_id == who] for who in CUSTOMERS]
    )

    whole = histories(everything)
    for name in Histories.__slots__:
        left, right = getattr(merged, name), getattr(whole, name)
        same = np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
        assert same, name


def test_the_present_waits_for_clocks_that_are_a_little_fast() -> None:
    now = START.timestamp()
    fast = [
        Event(event_id=who, customer_id=who, time=START + timedelta(seconds=ahead), event_type=EventType.VIEW)
        for who, ahead in (("anna", -10), ("ben", 20), ("cleo", 4000))
    ]

    times = present(histories(fast), np.full(3, now), ahead=300)

    assert times.tolist() == [now, now + 20 + INSTANT, now]
