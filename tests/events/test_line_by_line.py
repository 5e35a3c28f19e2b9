"""Lines of one instant, one after the other as they were written down."""

from datetime import timedelta

import numpy as np
from made.histories import AS_OF, NOW, bought, frame, histories

from events.history import Histories
from events.line_by_line import line_by_line

DAY_BEFORE = AS_OF - timedelta(days=1)


def test_lines_of_one_instant_follow_one_another_as_they_stand_in_the_file() -> None:
    """Whatever their ids are, by which they would be sorted otherwise."""
    lines = frame([
        bought(1, event_id="z", item_id="bread"), bought(1, customer="bob", item_id="tea"),
        bought(1, event_id="a", item_id="butter"), bought(0.5, item_id="jam"),
    ])  # fmt: skip
    apart = line_by_line(lines)
    ann = Histories.from_frame(apart, ["ann"])

    assert ann.item_id.tolist() == ["bread", "butter", "jam"]
    assert apart["time"].to_list() == [
        DAY_BEFORE, DAY_BEFORE, DAY_BEFORE + timedelta(microseconds=1), AS_OF - timedelta(days=0.5),
    ]  # fmt: skip
    assert apart.drop("time").equals(lines.drop("time"))
    assert apart.schema == lines.schema


def test_lines_without_an_order_id_are_of_one_order_where_they_share_an_instant() -> None:
    times = [DAY_BEFORE, DAY_BEFORE, AS_OF - timedelta(days=0.5)]
    apart = line_by_line(frame([bought(days, order_id=None) for days in (1, 1, 0.5)]))
    instant = str(int(times[0].timestamp() * 1e6))

    assert apart["order_id"].to_list() == [instant, instant, None]


def test_a_history_ends_directly_after_its_last_line() -> None:
    known = histories(bought(3), bought(1), bought(2, customer="bob"), customers=["ann", "bob", "nobody"])

    assert known.ends(NOW).tolist() == [np.nextafter(NOW - days * 86_400, np.inf) for days in (1, 2, 0)]
