"""A file becomes canonical events: nothing vanishes, and CSV and Parquet mean the same."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from shop_files import NOW, loaded, yardstick

from events import identity
from events.event import CUSTOMER_SCHEMA, EVENT_SCHEMA, ITEM_SCHEMA, EventType
from events.files.reading import rejected_rows
from events.formats import FileFormat, FormatNotUsable, preset
from events.loading import load_events

DIRTY = st.lists(
    st.tuples(
        st.sampled_from(["536365", "C536365", "536366", ""]),
        st.sampled_from(["85123A", "85123a", "POST", "22423", ""]),
        st.sampled_from(["1", "6", "-6", "0", "-1", "x", ""]),
        st.sampled_from(["2010-12-01 08:26:00", "2010-12-01 09:00:00", "2030-01-01 00:00:00", "never", ""]),
        st.sampled_from(["2.55", "0", "-11062.06", "0.001", "", "?"]),
        st.sampled_from(["17850", "17850.0", "13047", ""]),
    ),
    min_size=1,
    max_size=40,
)


def retail_frame(lines: list[tuple[str, ...]]) -> pl.DataFrame:
    names = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    frame = pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String), orient="row")
    blank = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
    return blank.with_columns(pl.lit("LANTERN").alias("Description"), pl.lit("France").alias("Country"))


@settings(deadline=None, max_examples=60)
@given(DIRTY)
def test_nothing_vanishes_between_steps(lines: list[tuple[str, ...]]) -> None:
    result = loaded(retail_frame(lines), name="online-retail")
    report = result.report

    assert report.rows_in == len(lines) == result.events.height + result.rejected.height
    assert result.rejected["row_number"].is_unique().all()
    rows = len(lines)
    for step in report.steps:
        assert step.rows_in == rows
        rows = step.rows_out
        assert step.rows_in == step.rows_out + sum(step.rejected.values())
    assert rows == report.rows_out == result.events.height
    assert result.events["event_id"].is_unique().all()
    assert result.events.schema == EVENT_SCHEMA


@settings(deadline=None, max_examples=40)
@given(DIRTY)
def test_csv_and_parquet_give_the_same_events(lines: list[tuple[str, ...]]) -> None:
    texts = retail_frame(lines)
    typed = texts.with_columns(
        pl.col("CustomerID").cast(pl.Float64),
        pl.col("InvoiceDate").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
    )
    told = texts.with_columns(pl.when(pl.col("InvoiceDate") != "never").then(pl.col("InvoiceDate")))
    by_parquet, by_csv = loaded(typed, name="online-retail"), loaded(told, ending="csv", name="online-retail")

    assert_frame_equal(by_parquet.events, by_csv.events)
    assert_frame_equal(by_parquet.rejected.select("row_number"), by_csv.rejected.select("row_number"))


def test_the_yardsticks_format_is_read_out_of_the_box() -> None:
    result = loaded(yardstick())

    event = result.events.drop("event_id").row(0, named=True)
    assert {name: value for name, value in event.items() if value is not None} == {
        "customer_id": "17850", "time": datetime(2011, 1, 1, 9, 30, tzinfo=UTC), "event_type": EventType.PURCHASE,
        "order_id": "540001", "item_id": "85123A", "quantity": 6.0, "unit_price_minor": 255, "currency": "GBP",
    }  # fmt: skip
    assert result.items.rows() == [("85123A", "HEART HOLDER", None, None, 255, "GBP")]
    assert result.customers.rows() == [("17850", "France", None, None, None)]
    assert (result.items.schema, result.customers.schema) == (ITEM_SCHEMA, CUSTOMER_SCHEMA)


def test_our_own_events_are_read_as_they_are() -> None:
    own = loaded(yardstick()).events.with_columns(pl.lit("the-sender's").alias("event_id"))
    assert_frame_equal(loaded(own, currency=None).events, own)


def test_prices_become_whole_minor_units_of_their_currency() -> None:
    frame = pl.concat([yardstick(currency=[code], unit_price=[1.2346]) for code in ("GBP", "JPY", "KWD")])
    result = loaded(frame, currency=None)
    priced = result.events.sort("currency").select("currency", "quantity", "unit_price_minor").rows()
    assert priced == [("GBP", 6.0, 123), ("JPY", 1.0, 7), ("KWD", 6.0, 1235)], "7.41 yen are not 6"
    assert result.report.rounded_prices == 3


def test_what_is_sold_by_parts_of_a_minor_unit_keeps_its_amount() -> None:
    fuel = yardstick(quantity=[10_432.0], unit_price=[0.0025])

    assert loaded(fuel).events.select("quantity", "unit_price_minor").rows() == [(1.0, 2608)]


def test_an_item_has_the_usual_price_in_its_usual_currency() -> None:
    """Pounds and yen have no median."""
    sold = yardstick(
        customer_id=["a"] * 5, time=[f"2011-01-0{day}" for day in range(1, 6)], event_type=["purchase"] * 5,
        order_id=["o"] * 5, item_id=["85123A"] * 5, quantity=[1.0] * 5, unit_price=[10.0, 12.0, 14.0, 1500.0, 1700.0],
        title=["HEART HOLDER"] * 5, country=["France"] * 5, currency=["GBP", "GBP", "GBP", "JPY", "JPY"],
    )  # fmt: skip

    assert loaded(sold).items.rows() == [("85123A", "HEART HOLDER", None, None, 1200, "GBP")]


def test_a_country_is_one_in_small_letters_and_in_capitals() -> None:
    lived = [("1", "fr"), ("1", "GB"), ("1", "gb"), ("2", "France")]
    result = loaded(pl.concat(yardstick(customer_id=[who], country=[where]) for who, where in lived))
    assert result.customers.select("customer_id", "country").rows() == [("1", "GB"), ("2", "France")]


def test_prices_without_a_currency_are_refused() -> None:
    with pytest.raises(FormatNotUsable, match="names no currency; pass --currency"):
        loaded(yardstick(), currency=None)


def test_an_event_without_a_price_has_no_currency() -> None:
    result = loaded(yardstick(unit_price=[None], event_type=["view"]))
    assert result.events.select("unit_price_minor", "currency").row(0) == (None, None)


def test_equal_lines_are_separate_events_with_ids_that_repeat() -> None:
    twice = yardstick(customer_id=["c", "c"], **{
        name: values * 2 for name, values in yardstick().drop("customer_id", "title").to_dict(as_series=False).items()
    }, title=["A", "B"])  # fmt: skip
    ids = loaded(twice).events["event_id"].to_list()
    assert ids[1] == f"{ids[0]}-1"
    assert loaded(twice).events["event_id"].to_list() == ids


def test_equal_lines_far_apart_in_a_large_file_are_told_apart() -> None:
    lines, place = pl.concat([yardstick()] * (2 * identity.BATCH_ROWS + 1)), pl.int_range(pl.len())
    numbered = lines.with_columns(
        (place % (2 * identity.BATCH_ROWS) + 1.0).alias("quantity"), place.cast(pl.String).alias("title")
    )
    first, *_, last = loaded(numbered).events["event_id"]

    assert last == f"{first}-1"


def test_ids_stay_the_same_from_release_to_release() -> None:
    assert loaded(yardstick()).events["event_id"].to_list() == ["323a42208751dbd7a950ec2d6666976b"]


@pytest.mark.parametrize(
    "kind", [pl.Datetime("ms"), pl.Datetime("ms", "Europe/London"), pl.Datetime("us"), pl.Date], ids=str
)
def test_a_time_that_nobody_can_mean_is_refused_by_its_row(tmp_path: Path, kind: pl.DataType) -> None:
    absurd = pl.Series([2**31 - 1 if kind == pl.Date else -(2**62)]).cast(pl.Int32 if kind == pl.Date else pl.Int64)
    path = tmp_path / "events.parquet"
    yardstick().with_columns(time=absurd.cast(kind), made=absurd.cast(kind)).write_parquet(path)

    refused = load_events(path, currency="GBP", now=NOW).rejected

    assert refused["reason"].to_list() == ["UNREADABLE_TIME"]
    [found] = rejected_rows(path, refused)
    assert f'"made":"{"+" if kind == pl.Date else "-"}' in found["content"].item()


def test_words_of_the_shop_are_translated(tmp_path: Path) -> None:
    path = tmp_path / "shop.tsv"
    path.write_text("who\twhen\twhat\nanna\t31.12.2025 10:00\tKAUF\nbert\t31.12.2025 11:00\tblick\n")
    shop = preset("canonical").model_validate(
        {
            "columns": {"who": "customer_id", "when": "time", "what": "event_type"},
            "separator": "\t",
            "time_formats": ["%d.%m.%Y %H:%M"],
            "event_type": {"words": {"Kauf": "purchase", "blick": "view"}},
        }
    )
    result = load_events(path, shop, now=NOW)
    assert result.events["event_type"].to_list() == [EventType.PURCHASE, EventType.VIEW]


@pytest.mark.parametrize("column", [["-1", " -1", "-1 "], [" -1,0", "-1", "-1,"]], ids=["points", "commas"])
def test_a_negative_quantity_is_a_return_whatever_stands_around_it(tmp_path: Path, column: list[str]) -> None:
    path = tmp_path / "tills.tsv"
    path.write_text("who\twhen\twhat\tmany\n" + "".join(f"a\t2026-01-0{i}\tx\t{q}\n" for i, q in enumerate(column, 1)))
    till = FileFormat.model_validate(
        {
            "columns": {"who": "customer_id", "when": "time", "what": "item_id", "many": "quantity"},
            "event_type": {"constant": "purchase", "return_negative_quantity": True},
            "numbers": {"decimal": "," if "," in column[0] else "."},
        }
    )

    events = load_events(path, till, now=NOW).events

    assert events.select("event_type", "quantity").rows() == [(EventType.RETURN, 1.0)] * 3


@pytest.mark.parametrize(
    ("marks", "read", "unread"),
    [
        ({}, {"1234.5": 123450}, ["1,234.50", "1 234.5", "2,50"]),
        ({"thousands": ","}, {"1,234.50": 123450, "1234.5": 123450}, ["12,34", "1,23.4", "1.234,5"]),
        ({"decimal": ",", "thousands": "."}, {"1.234,50": 123450, "12,5": 1250, "1.234": 123400}, ["2.50", "1,234.50"]),
        ({"decimal": ",", "thousands": " "}, {"1 234,50": 123450, "1\u202f234,5": 123450}, ["12 34,5"]),
    ],
)
def test_prices_are_read_by_the_marks_of_the_mapping_and_never_a_thousand_times_too_high(
    tmp_path: Path, marks: dict[str, str], read: dict[str, int], unread: list[str]
) -> None:
    path = tmp_path / "prices.csv"
    prices = [*read, *unread]
    rows = (f'c{place};2026-01-01;view;"{price}"\n' for place, price in enumerate(prices))
    path.write_text("customer_id;time;event_type;unit_price\n" + "".join(rows))
    columns = {name: name for name in ("customer_id", "time", "event_type", "unit_price")}
    shop = FileFormat.model_validate({"columns": columns, "separator": ";", "numbers": marks, "currency": "GBP"})

    found = load_events(path, shop, now=NOW)

    assert found.events["unit_price_minor"].to_list() == list(read.values())
    assert found.rejected["reason"].to_list() == ["UNREADABLE_UNIT_PRICE"] * len(unread)
