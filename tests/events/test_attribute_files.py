"""Catalogues and customer files are read by our own field names, and bad rows say why."""

from pathlib import Path

import polars as pl
import pytest

from events.attributes import read_customers, read_items
from events.event import CUSTOMER_SCHEMA, ITEM_SCHEMA
from events.files.reading import FileNotUsable
from events.formats import FormatNotUsable


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(
        "item_id,title,category,unit_price,currency,shelf\n"
        "a,Lamp,Home,1,GBP,1\n"
        "b,,,,,2\n"
        ",Nameless,,1,GBP,3\n"
        "a, Lantern ,Home|Light,3.39,gbp,4\n"
        "c,Odd,,cheap,GBP,5\n"
        "d,Odd,,-1,GBP,6\n"
        "e,Odd,,1,GPB,7\n"
        "f,Odd,,1e30,GBP,8\n"
        '"g\nh",Odd,,1,GBP,9\n'
    )
    file = read_items(path)

    assert file.rows.schema == ITEM_SCHEMA
    assert file.rows.rows() == [("b", None, None, None, None, None), ("a", "Lantern", "Home|Light", None, 339, "GBP")]
    assert file.rejected.rows() == [
        (1, "DUPLICATE_ITEM_ID"),
        (3, "MISSING_ITEM_ID"),
        (5, "UNREADABLE_UNIT_PRICE"),
        (6, "NEGATIVE_PRICE"),
        (7, "UNREADABLE_CURRENCY"),
        (8, "PRICE_OUT_OF_RANGE"),
        (9, "UNUSABLE_ITEM_ID"),
    ]
    assert file.report() == {
        "rows_in": 9, "rows_out": 2, "rejected": 7, "irrelevant_columns": ["shelf"], "last_line_ends": True,
        "reasons": {
            "DUPLICATE_ITEM_ID": 1, "MISSING_ITEM_ID": 1, "NEGATIVE_PRICE": 1, "PRICE_OUT_OF_RANGE": 1,
            "UNREADABLE_CURRENCY": 1, "UNREADABLE_UNIT_PRICE": 1, "UNUSABLE_ITEM_ID": 1,
        },
    }  # fmt: skip


def test_a_file_of_items_says_which_can_be_had(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item_id,available\na,no\nb,TRUE\nc,\nd,perhaps\ne,1\nf,0.0\n")
    flags = pl.DataFrame({"item_id": ["a", "b"], "available": [True, False]})
    flags.write_parquet(tmp_path / "items.parquet")
    flags.write_ndjson(tmp_path / "items.jsonl")

    file = read_items(path)

    assert file.rows.schema == ITEM_SCHEMA
    assert file.availability == {"a": False, "b": True, "e": True, "f": False}
    assert file.rejected.rows() == [(4, "UNREADABLE_AVAILABLE")]
    assert file.report()["irrelevant_columns"] == []
    for name in ("items.parquet", "items.jsonl"):
        assert read_items(tmp_path / name).availability == {"a": True, "b": False}, name


def test_our_own_catalogue_is_read_as_it_is(tmp_path: Path) -> None:
    catalogue = pl.DataFrame([("a", "Lantern", "Home", "Acme", 339, "GBP")], schema=ITEM_SCHEMA, orient="row")
    catalogue.write_parquet(tmp_path / "items.parquet")
    assert read_items(tmp_path / "items.parquet").rows.equals(catalogue)


def test_a_catalogue_of_ids_and_categories_is_enough(tmp_path: Path) -> None:
    pl.DataFrame({"item_id": [7], "category": ["1|2"]}).write_parquet(tmp_path / "items.parquet")
    assert read_items(tmp_path / "items.parquet").rows.rows() == [("7", None, "1|2", None, None, None)]


def test_prices_of_a_catalogue_need_a_currency(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item_id,unit_price\na,5\n")
    with pytest.raises(FormatNotUsable, match="names no currency; pass --currency"):
        read_items(path)
    with pytest.raises(FormatNotUsable, match="currency: 'yen' is no ISO 4217 code"):
        read_items(path, currency="yen")
    assert read_items(path, currency="JPY").rows["unit_price_minor"].to_list() == [5]


def test_customers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(
        "customer_id,country,zone,preferred_channel,consented_channels\n"
        "anna,gb,Europe/London,Email,Email| sms |email\n"
        "bert,,,,\n"
        "emil,United Kingdom,,,\n"
        'carl,,,,""\n'
        "dora,,Mars/Olympus,,\n"
    )
    file = read_customers(path)

    assert file.rows.schema == CUSTOMER_SCHEMA
    assert file.rows.rows() == [
        ("anna", "GB", "Europe/London", "email", ["email", "sms"]),
        ("bert", None, None, None, None),
        ("emil", "United Kingdom", None, None, None),
        ("carl", None, None, None, []),
    ]
    assert file.rejected.rows() == [(5, "UNKNOWN_ZONE")]


def test_the_last_row_of_a_customer_counts(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text('customer_id,zone,consented_channels\nanna,,email\nbert,,email\nanna,,""\nbert,Mars/Olympus,""\n')
    file = read_customers(path)

    assert file.rows.select("customer_id", "consented_channels").rows() == [("anna", [])]
    assert file.rejected.rows() == [
        (1, "DUPLICATE_CUSTOMER_ID"), (2, "DUPLICATE_CUSTOMER_ID"), (4, "UNKNOWN_ZONE"),
    ]  # fmt: skip


def test_a_line_says_nothing_of_what_it_lacks_at_its_end_unless_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("zone,customer_id,country,consented_channels\nUTC,anna,GB,email\nUTC,bert\nUTC\nUTC,carl,G")
    file = read_customers(path)

    assert file.rows.select("customer_id", "zone", "country", "consented_channels").rows() == [
        ("anna", "UTC", "GB", ["email"]), ("bert", "UTC", None, None),
    ]  # fmt: skip
    assert file.rejected.rows() == [(3, "MISSING_CUSTOMER_ID"), (4, "TOO_FEW_FIELDS")]


def test_ids_are_those_of_a_file_of_events(tmp_path: Path) -> None:
    """Of whole numbers a data frame makes 17850.0 as soon as one is missing."""
    pl.DataFrame({"customer_id": [17850.0, None]}).write_parquet(tmp_path / "customers.parquet")
    pl.DataFrame({"item_id": [22423.0, None], "unit_price": [2.0, 1.0]}).write_parquet(tmp_path / "items.parquet")
    (tmp_path / "customers.csv").write_text("customer_id\n17850.0\n")

    assert read_customers(tmp_path / "customers.parquet").rows["customer_id"].to_list() == ["17850"]
    assert read_customers(tmp_path / "customers.csv").rows["customer_id"].to_list() == ["17850"]
    items = read_items(tmp_path / "items.parquet", currency="GBP")
    assert items.rows.select("item_id", "unit_price_minor").rows() == [("22423", 200)]
    assert items.rejected.rows() == [(2, "MISSING_ITEM_ID")]


def test_customers_with_lists_are_read_as_they_are(tmp_path: Path) -> None:
    rows = [("anna", "GB", None, None, ["email", "sms"]), ("bert", None, None, None, [])]
    customers = pl.DataFrame(rows, schema=CUSTOMER_SCHEMA, orient="row")
    customers.write_parquet(tmp_path / "customers.parquet")
    customers.write_ndjson(tmp_path / "customers.jsonl")
    for name in ("customers.parquet", "customers.jsonl"):
        assert read_customers(tmp_path / name).rows.equals(customers), name


@pytest.mark.parametrize("channels", [[b"\xff"], [["email"]], {"first": "email"}], ids=["bytes", "lists", "struct"])
def test_a_column_that_holds_no_texts_is_refused_by_name(tmp_path: Path, channels: object) -> None:
    path = tmp_path / "customers.parquet"
    pl.DataFrame({"customer_id": ["anna"], "consented_channels": [channels]}).write_parquet(path)
    with pytest.raises(FileNotUsable, match=r"consented_channels holds .*; write it as text or as a list of texts"):
        read_customers(path)


def test_a_file_without_ids_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("sku,title\na,b\n")
    with pytest.raises(FormatNotUsable, match=r"no column item_id; it has sku, title"):
        read_items(path)
