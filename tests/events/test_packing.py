"""A packed history comes back as it was, whatever its numbers and strings."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.event import EVENT_SCHEMA
from events.history import Histories
from events.packing import FORMAT, is_ours, latest, packed, rows, unpacked

NUMBERS = st.one_of(st.just(np.nan), st.integers(0, 5), st.integers(0, 10**9), st.floats(allow_nan=True))
STRINGS = st.one_of(st.none(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5))
COUNTS = st.lists(st.integers(0, 6), max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> Histories:
    sizes = draw(COUNTS)
    total = sum(sizes)

    def numbers() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(draw(st.lists(NUMBERS, min_size=total, max_size=total)), dtype=np.float64)

    def strings() -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        return np.array([*draw(st.lists(STRINGS, min_size=total, max_size=total)), None], dtype=object)[:-1]

    return Histories(
        customer_ids=np.array([f"customer-{number}" for number in range(len(sizes))], dtype=object),
        offsets=np.cumsum([0, *sizes]),
        time=np.array(draw(st.lists(st.floats(0, 2e9), min_size=total, max_size=total)), dtype=np.float64),
        event_type=np.array(draw(st.lists(st.integers(1, 7), min_size=total, max_size=total)), dtype=np.int8),
        order_id=strings(), item_id=strings(), channel=strings(), text=strings(),
        quantity=numbers(), unit_price=numbers(), rating=numbers(), dwell_seconds=numbers(),
    )  # fmt: skip


def assert_same(one: Histories, other: Histories) -> None:
    for field in fields(Histories):
        left, right = getattr(one, field.name), getattr(other, field.name)
        assert left.dtype == right.dtype, field.name
        np.testing.assert_array_equal(left, right, field.name)


@settings(max_examples=50)
@given(histories())
def test_what_is_packed_and_joined_again_is_the_same(made: Histories) -> None:
    parts = packed(made)

    assert_same(unpacked(parts, made.customer_ids.tolist()), made)
    assert sum(map(rows, parts)) == len(made.time)
    assert [latest(part) for part in parts if rows(part)] == made.time[
        made.offsets[1:][np.diff(made.offsets) > 0] - 1
    ].tolist()


def test_more_strings_than_one_byte_tells_apart() -> None:
    made = replace(plain(300), item_id=np.array([f"item-{number}" for number in range(300)], dtype=object))

    assert_same(unpacked(packed(made), ["anna"]), made)


def test_pieces_prices_and_stars_take_two_bytes_each_and_what_nobody_said_none() -> None:
    said = np.full(100, 3.0)
    made = replace(plain(100), quantity=said, unit_price=said, rating=said)

    assert len(packed(made)[0]) == 5 + 100 * (8 + 1 + 3 * 2) + 4 + 4 * 6


def test_the_bytes_are_those_of_all_releases_that_have_the_format() -> None:
    quantity, text = np.array([1.0, 70_000.0]), np.array([None, "ä"], dtype=object)
    two = replace(plain(2), time=np.array([0.0, 1.5]), quantity=quantity, unit_price=np.array([np.nan, 0.1]), text=text)

    assert packed(Histories.joined([two, plain(0)])) == [
        bytes.fromhex(
            "01 02000000  0000000000000000 000000000000f83f  01 01  04 0000803f 00b88847"
            "08 000000000000f87f 9a9999999999b93f  00 00"
            "0000 00000000  0000 00000000  0000 00000000  0100 02000000 c3a4 00 01"
        ),
        bytes.fromhex("01 00000000  00 00 00 00  000000000000 000000000000 000000000000 000000000000"),
    ]


def test_nobody_is_packed_and_unpacked() -> None:
    assert_same(unpacked([], []), Histories.from_frame(EVENT_SCHEMA.to_frame(), []))
    assert packed(unpacked([], [])) == []


def test_pieces_of_another_release_are_not_read() -> None:
    foreign = bytes([FORMAT + 1]) + packed(plain(2))[0][1:]

    assert not is_ours(foreign)
    with pytest.raises(ValueError, match="the history of anna was packed by another release"):
        unpacked([foreign], ["anna"])


def plain(count: int) -> Histories:
    """One customer of whom little is known."""
    unsaid, unknown = np.full(count, None, dtype=object), np.full(count, np.nan)
    return Histories(
        customer_ids=np.array(["anna"], dtype=object), offsets=np.array([0, count]), time=np.zeros(count),
        event_type=np.ones(count, dtype=np.int8), order_id=unsaid, item_id=unsaid, channel=unsaid, text=unsaid,
        quantity=unknown, unit_price=unknown, rating=unknown, dwell_seconds=unknown,
    )  # fmt: skip
