"""Pictures say what their figures say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.web.charts import Series, bar_chart, line_chart, nice_ticks
from admin.web.pages.campaigns.hours import marks, place
from admin.web.pages.campaigns.hours import words as words_of_hours
from rules.sentence import Language

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


def words(value: float) -> str:
    return f"{value:g}"


@given(low=FINITE, span=st.floats(1e-3, 1e9))
def test_ticks_are_round_few_and_enclose_the_range(low: float, span: float) -> None:
    high = low + span
    ticks = nice_ticks(low, high)

    assert ticks[0] <= low + span * 1e-6
    assert ticks[-1] >= high - span * 1e-6
    assert 2 <= len(ticks) <= 8


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 100, [0, 20, 40, 60, 80, 100]), (-3, 7, [-4, -2, 0, 2, 4, 6, 8]), (5, 5, [5, 6, 7, 8, 9, 10])],
)
def test_ticks_that_people_would_choose(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == ticks


@pytest.mark.parametrize(
    ("hours", "written"),
    [
        (13, ["20 Nov 21:00", "21 Nov", "21 Nov 03:00", "21 Nov 06:00", "21 Nov 09:00"]),
        (60, ["21 Nov", "21 Nov 12:00", "22 Nov", "22 Nov 12:00", "23 Nov"]),
        (169, ["22 Nov", "24 Nov", "26 Nov"]),
        (720, ["24 Nov", "30 Nov", "6 Dec", "12 Dec", "18 Dec"]),
    ],
)
def test_hours_are_marked_where_they_begin(hours: int, written: list[str]) -> None:
    first = place(datetime(2026, 11, 20, 20, tzinfo=UTC), "UTC")

    assert [words_of_hours(Language.ENGLISH)(each) for each in marks(first, first + hours / 24)] == written


def test_an_hour_of_utc_stands_where_it_is_in_a_zone_of_half_hours() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    shown = [place(moment, zone) % 1 * 24 for zone in ("Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")]
    assert shown == pytest.approx([17.5, 17.75, 23])


def test_a_line_goes_from_the_left_below_to_the_right_above() -> None:
    chart = line_chart(
        [Series(name="spent", x=[0, 1], y=[0, 10], low=[0, 8], high=[0, 12])], x_words=words, y_words=words
    )

    assert chart.lines[0].path == "M64.0 230.0L624.0 84.67"
    assert chart.lines[0].band == "M64.0 230.0L624.0 55.6L624.0 113.73L64.0 230.0Z"
    assert [tick.words for tick in chart.up] == ["0", "5", "10", "15"]
    assert chart.zero is None
    assert chart.table == (("", "spent"), ("0", "0"), ("1", "10"))


def test_a_picture_of_nothing_is_an_empty_grid() -> None:
    chart = line_chart([], x_words=words, y_words=words)

    assert (chart.lines, chart.table) == ((), (("",),))


def test_bars_start_at_zero_to_either_side() -> None:
    chart = bar_chart([("A", 2.0), ("B", -1.0)], words=words, intervals=[(1.0, 3.0), (-2.0, 0.0)])

    up, down = chart.bars
    assert (up.start, up.start + up.length > chart.zero) == (chart.zero, True)
    assert down.start + down.length == pytest.approx(chart.zero)
    assert up.low < up.start + up.length < up.high
    assert chart.table == (("", "value", "low", "high"), ("A", "2", "1", "3"), ("B", "-1", "-2", "0"))
