"""Each cleaning step rejects what it is for, keeps the rest, and gives the reason."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from events.cleaning.cancellations import Cancellations
from events.cleaning.dates import Dates
from events.cleaning.duplicates import Duplicates
from events.cleaning.outcome import Outcome
from events.cleaning.prices import NonPositivePrices
from events.cleaning.products import NonProducts
from events.cleaning.ranges import Ranges
from events.formats import preset

Lines = Callable[..., pl.DataFrame]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TEA_TIME = "2026-01-01 16:00:00"


def reasons(outcome: Outcome) -> dict[int, str]:
    return dict(outcome.rejected.iter_rows())


def test_times_that_cannot_be_are_rejected(lines: Lines) -> None:
    times = ["2026-05-31 23:59:59", "2026-06-01 00:00:01", "1970-01-01 00:00:00", "soon", None]
    outcome = Dates().apply(lines(time=times), now=NOW)

    assert reasons(outcome) == {2: "FUTURE_TIME", 3: "TIME_TOO_EARLY", 4: "UNREADABLE_TIME"}
    assert outcome.kept["row_number"].to_list() == [1, 5], "a missing time is for the step for missing values"


def test_times_chosen_in_a_repeated_hour_count_as_repaired(lines: Lines) -> None:
    london = preset("canonical").model_copy(update={"zone": "Europe/London"})
    rows = lines(london, time=["2025-10-26 01:30:00", "2025-10-26 03:30:00", "2025-03-30 01:30:00"])

    outcome = Dates().apply(rows, now=NOW)

    assert outcome.repaired == 1
    assert reasons(outcome) == {3: "NONEXISTENT_TIME"}


def test_the_first_of_equal_rows_stays(lines: Lines) -> None:
    rows = lines(time=[TEA_TIME] * 4, quantity=[1, 2, 1, 1])
    assert reasons(Duplicates().apply(rows)) == {3: "DUPLICATE", 4: "DUPLICATE"}
    assert reasons(Duplicates(exact=False).apply(rows)) == {}


def test_columns_that_are_not_mapped_do_not_tell_rows_apart(lines: Lines) -> None:
    rows = lines(time=[TEA_TIME] * 2, line_number=[1, 2])
    assert reasons(Duplicates().apply(rows)) == {2: "DUPLICATE"}


def test_an_event_id_that_comes_back_with_other_content_is_told_apart(lines: Lines) -> None:
    rows = lines(event_id=["a", "a", "a", None, None], time=[TEA_TIME] * 5, quantity=[1, 1, 2, 3, 4])
    assert reasons(Duplicates().apply(rows)) == {2: "DUPLICATE", 3: "DUPLICATE_EVENT_ID"}


def test_lines_that_are_no_goods_are_rejected_by_their_code(lines: Lines) -> None:
    codes = [
        "85123A",
        "22423",
        "15056BL",
        "POST",
        "D",
        "M",
        "BANK CHARGES",
        "DOT",
        "C2",
        "AMAZONFEE",
        "gift_0001_20",
        "test1",
    ]
    step = preset("online-retail").cleaning.non_products

    outcome = step.apply(lines(item_id=codes))

    assert outcome.kept["item_id"].to_list() == codes[:3]
    assert set(reasons(outcome).values()) == {"NON_PRODUCT"}


def test_codes_of_services_can_be_listed_instead(lines: Lines) -> None:
    step = NonProducts(others=("^ship", "^fee$"))
    outcome = step.apply(lines(item_id=["shipping", "fee", "feet", None]))
    assert outcome.kept["item_id"].to_list() == ["feet", None]


def test_prices_that_no_sale_has_are_rejected(lines: Lines) -> None:
    rows = lines(unit_price=[0.01, 0.0, -5.0, None])
    assert reasons(NonPositivePrices().apply(rows)) == {2: "NON_POSITIVE_PRICE", 3: "NON_POSITIVE_PRICE"}
    assert reasons(NonPositivePrices(allow_zero=True).apply(rows)) == {3: "NON_POSITIVE_PRICE"}


def test_values_outside_their_field_are_rejected(lines: Lines) -> None:
    outcome = Ranges().apply(
        lines(
            quantity=["1", "0", "-1", "many", "1", "1", "1", "1", "1"],
            rating=["5", None, None, None, "6", "2.5", None, None, None],
            dwell_seconds=["0", None, None, None, None, None, "-1", None, None],
            event_type=["purchase"] * 7 + ["teleport", "view"],
            currency=["GBP"] * 8 + ["GPB"],
        )
    )
    assert reasons(outcome) == {
        2: "NON_POSITIVE_QUANTITY",
        3: "NON_POSITIVE_QUANTITY",
        4: "UNREADABLE_QUANTITY",
        5: "RATING_OUT_OF_RANGE",
        6: "RATING_OUT_OF_RANGE",
        7: "NEGATIVE_DWELL_SECONDS",
        8: "UNREADABLE_EVENT_TYPE",
        9: "UNREADABLE_CURRENCY",
    }


def test_amounts_that_no_sum_could_hold_are_rejected(lines: Lines) -> None:
    """A bar code that slipped into the columns beside it."""
    code = 5_012_345_678_900.0
    rows = lines(quantity=[1e9, code, 1.0, 1e9, 1.0], unit_price=[1e4, 1.0, 1e14, code, 1e13])
    assert reasons(Ranges().apply(rows)) == {
        2: "QUANTITY_OUT_OF_RANGE", 3: "AMOUNT_OUT_OF_RANGE", 4: "AMOUNT_OUT_OF_RANGE"
    }  # fmt: skip


@pytest.mark.parametrize("field", ["customer_id", "event_id"])
def test_ids_that_no_resource_name_could_hold_are_rejected(lines: Lines, field: str) -> None:
    rows = lines(**{field: ["a/b", "a\nb", "é" * 129, "é" * 128, "17850"]})
    assert reasons(Ranges().apply(rows)) == dict.fromkeys((1, 2, 3), f"UNUSABLE_{field.upper()}")


def test_texts_that_the_wire_does_not_carry_are_rejected(lines: Lines) -> None:
    """A quotation mark without its other makes one value of all lines up to the next."""
    rows = lines(text=["é" * 10_000, "é" * 10_001, "", ""], channel=["web", "web", "w" * 64, "w" * 65])
    assert reasons(Ranges().apply(rows)) == {2: "TEXT_TOO_LONG", 4: "CHANNEL_TOO_LONG"}


@pytest.mark.parametrize("field", ["item_id", "order_id"])
def test_ids_of_items_and_orders_may_have_slashes(lines: Lines, field: str) -> None:
    rows = lines(**{field: ["a/b", "a\nb", "é" * 129]})
    assert reasons(Ranges().apply(rows)) == dict.fromkeys((2, 3), f"UNUSABLE_{field.upper()}")


def cancelled(rows: pl.DataFrame, zone: str = "UTC") -> list[int]:
    outcome = Cancellations().apply(rows, zone=ZoneInfo(zone))
    assert set(reasons(outcome).values()) <= {"CANCELLED_SAME_DAY"}
    assert outcome.kept.height + outcome.rejected.height == rows.height
    return sorted(reasons(outcome))


def test_a_line_cancelled_the_same_day_never_happened(lines: Lines) -> None:
    rows = lines(event_type=["purchase", "return", "purchase"], time=[TEA_TIME] * 3, quantity=[6, 6, 5])
    assert cancelled(rows) == [1, 2]


@pytest.mark.parametrize(
    "difference",
    [
        {"quantity": [6, 5]},
        {"item_id": ["i", "j"]},
        {"customer_id": ["c", "d"]},
        {"time": [TEA_TIME, "2026-01-02 00:00:00"]},
        {"customer_id": [None, None]},
    ],
)
def test_other_returns_stay(lines: Lines, difference: dict[str, list[object]]) -> None:
    usual: dict[str, list[object]] = {"event_type": ["purchase", "return"], "time": [TEA_TIME] * 2, "quantity": [6, 6]}
    assert cancelled(lines(**(usual | difference))) == []


def test_each_return_takes_back_one_line_the_earliest_first(lines: Lines) -> None:
    times = ["2026-01-01 09:00", "2026-01-01 08:00", "2026-01-01 10:00", "2026-01-01 11:00"]
    rows = lines(event_type=["purchase", "purchase", "purchase", "return"], time=times)
    assert cancelled(rows) == [2, 4]


def test_the_day_is_that_of_the_shop(lines: Lines) -> None:
    rows = lines(event_type=["purchase", "return"], time=["2026-01-01T23:30:00Z", "2026-01-02T00:30:00Z"])
    assert cancelled(rows) == []
    assert cancelled(rows, "Europe/Berlin") == [1, 2]


def test_matching_can_be_switched_off(lines: Lines) -> None:
    rows = lines(event_type=["purchase", "return"], time=[TEA_TIME] * 2)
    assert Cancellations(match_same_day=False).apply(rows, zone=ZoneInfo("UTC")).kept.equals(rows)
