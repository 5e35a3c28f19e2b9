"""Files of every kind give the same events, and one that cannot be read says what to do."""

import json
from datetime import date, time
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyarrow import parquet
from shop_files import NOW, loaded, yardstick

from events.files import short_lines
from events.files.reading import FileNotUsable, batches, rejected_rows
from events.loading import Loaded, load_events


def test_rejected_rows_are_found_again_as_they_stood(tmp_path: Path) -> None:
    path = tmp_path / "dirty.csv"
    path.write_text('customer_id,time,event_type,colour\nanna,2026-01-01,view,red\n,2026-01-01,view,"b""l\nue"\n')
    result = load_events(path, now=NOW)

    found = pl.concat(rejected_rows(path, result.rejected))

    content = '{"customer_id":null,"time":"2026-01-01","event_type":"view","colour":"b\\"l\\nue"}'
    assert found.rows() == [(2, "MISSING_CUSTOMER_ID", content)]
    assert result.report.irrelevant_columns == ("colour",)
    assert result.report.steps[0].notes == {"left out": "colour"}


@pytest.mark.parametrize("at_once", [5, short_lines.AT_ONCE])
def test_a_line_with_too_few_fields_is_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(short_lines, "AT_ONCE", at_once)
    path = tmp_path / "short[1].csv"
    path.write_text(
        "\ncustomer_id,time,event_type,item_id\nanna,2026-01-01,view,\nbert,2026-01-02,view\n"
        '"c, ""d""\n",2026-01-03,view,oak\n\neve,2026-01-04,view,"oak, elm"\nfay,2026-01-05,view'
    )
    result = load_events(path, now=NOW)

    assert result.events["customer_id"].to_list() == ["anna", 'c, "d"', "eve"]
    assert result.rejected.rows() == [(row, "TOO_FEW_FIELDS") for row in (2, 4, 6)]
    assert result.report.steps[1].rejected == {"TOO_FEW_FIELDS": 3}


def test_what_a_spreadsheet_leaves_out_at_the_end_of_a_line_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_text(
        "customer_id,time,event_type,item_id,quantity,unit_price,currency,rating,text\n"
        "anna,2026-01-01,purchase,oak,1,2.50,GBP,,\nbert,2026-01-02,purchase,oak,1,2.50\n"
        "carl,2026-01-03,purchase,oak,1\ndora,2026-01-04,view,oak\neve,2026-01-05,view\n"
        "fay,2026-01-06,message\ngus,2026-01-07\nhal,2026-01-08,purchase,oak,1,2.5"
    )
    result = load_events(path, currency="GBP", now=NOW)

    assert result.events.select("customer_id", "unit_price_minor", "currency").rows() == [
        ("anna", 250, "GBP"), ("bert", 250, "GBP"), ("dora", None, None), ("fay", None, None),
    ]  # fmt: skip
    assert result.rejected.rows() == [(row, "TOO_FEW_FIELDS") for row in (3, 5, 7, 8)]
    assert result.report.steps[1].notes == {"without empty fields at the end": 3}


def test_columns_that_no_field_is_read_from_are_not_read_either() -> None:
    tags = pl.Series("tags", [["x"] * 30_000])
    frame = yardstick(time=["never"]).with_columns(tags, pl.lit("y" * 30_000).alias("text"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "wide[1].parquet"
        frame.write_parquet(path)
        assert next(batches(path, ["text"])).columns == ["row_number", "text"]
        result = load_events(path, currency="GBP", now=NOW)
        content = json.loads(pl.concat(rejected_rows(path, result.rejected))["content"].item())
    assert (content["tags"], len(content["text"])) == (None, 4_000)


def test_a_file_that_says_it_has_billions_of_rows_is_refused_before_they_are_read(tmp_path: Path) -> None:
    small, path = tmp_path / "small.parquet", tmp_path / "bomb.parquet"
    pl.select(customer_id=pl.repeat("anna", 1_000_000), time=pl.lit(""), event_type=pl.lit("view")).write_parquet(small)
    told = parquet.read_metadata(small)
    for _ in range(12):
        told.append_row_groups(told)
    told.write_metadata_file(path)

    with pytest.raises(FileNotUsable, match=r"bomb.parquet: its 4,096,000,000 rows .*; import it in parts, the oldest"):
        load_events(path, now=NOW)


@pytest.mark.parametrize(
    ("column", "content", "words"),
    [
        ("quantity", [[6]], "quantity holds List.*write it as a number or text"),
        ("unit_price", [date(2011, 1, 1)], "unit_price holds Date.*write it as a number or text"),
        ("item_id", [["85123A"]], "item_id holds List.*write it as text"),
        ("time", [time(9, 30)], "time holds Time.*write it as text, a timestamp"),
    ],
)
def test_a_column_of_which_a_field_cannot_be_read_is_refused_by_name(
    column: str, content: list[object], words: str
) -> None:
    with pytest.raises(FileNotUsable, match=words):
        loaded(yardstick(**{column: content}))


def test_words_are_read_however_parquet_keeps_them() -> None:
    def kept(**columns: pl.Series) -> Loaded:
        return loaded(yardstick().with_columns(**columns))

    coded = kept(
        unit_price=pl.Series(["2.55"], dtype=pl.Categorical),
        event_type=pl.Series(["purchase"], dtype=pl.Enum(["view", "purchase"])),
    )
    assert_frame_equal(coded.events, loaded(yardstick()).events)
    assert_frame_equal(kept(customer_id=pl.Series([b"17850"])).events, coded.events)
    assert kept(customer_id=pl.Series([b"\xff"])).rejected["reason"].to_list() == ["MISSING_CUSTOMER_ID"]
    assert loaded(yardstick(unit_price=[inf])).rejected["reason"].to_list() == ["UNREADABLE_UNIT_PRICE"]


def test_pictures_beside_a_rejected_row_are_left_out_of_it(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    picture = b"\x89PNG"
    deep: dict[str, list[object]] = {"list": [[picture]], "struct": [{"inner": {"bytes": picture}}], "words": [["a"]]}
    yardstick(customer_id=[""], picture=[picture], **deep).write_parquet(path)
    [found] = rejected_rows(path, load_events(path, currency="GBP", now=NOW).rejected)
    assert '"picture":null,"list":null,"struct":null,"words":["a"]}' in found["content"].item()


def test_lines_of_json_give_the_same_events_and_the_same_rejected_rows(tmp_path: Path) -> None:
    frame = yardstick(text=['a "quoted"\nline']).with_columns(pl.col("time").dt.to_string("iso:strict"))
    assert_frame_equal(loaded(frame, ending="jsonl").events, loaded(frame).events)
    theirs = pl.DataFrame({
        "InvoiceNo": ["536365"], "StockCode": ["85123A"], "Description": ["HOLDER"], "Quantity": [6],
        "InvoiceDate": ["12/01/2010 08:26"], "UnitPrice": [2.55], "CustomerID": [17850], "Country": ["France"],
    })  # fmt: skip
    kinds = [loaded(theirs, ending=ending, name="online-retail").events for ending in ("jsonl", "parquet")]
    assert kinds[0].height == 1
    assert_frame_equal(*kinds)
    path = tmp_path / "shop.jsonl"
    path.write_text(
        '{"customer_id": 17, "time": "2026-01-01T10:00:00Z", "event_type": "view", "seen": {"by": ["web"]}}\n'
        '{"time": 1767262500, "event_type": "view", "customer_id": "00017", "item_id": "A/1"}\n'
        '{"customer_id": "a/b", "time": "2026-01-01", "event_type": "view"}'
    )

    found = load_events(path, now=NOW)

    assert found.events.select("customer_id", "item_id").rows() == [("17", None), ("00017", "A/1")]
    assert found.report.last_line_ends
    assert [row["row_number"] for batch in rejected_rows(path, found.rejected) for row in batch.to_dicts()] == [3]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "there is no such file"),
        ("events.xlsx", b"x", r"cannot tell its kind; let its name end with one of \.csv"),
        ("empty.csv", b"", "empty CSV"),
        ("header.csv", b"customer_id,time,event_type\n", "a header and no rows"),
        ("latin.csv", b"customer_id,time,event_type\n\xe9,2026-01-01,view\n", "it is not UTF-8; convert it"),
        ("ragged.csv", b"customer_id,time,event_type\na,2026-01-01,view,4\n", "a line has more fields than the header"),
        ("packed.csv", b"\x1f\x8b\x08\x00", "it is compressed; unpack it"),
        ("packed.csv.gz", b"\x1f\x8b\x08\x00", "it is compressed; unpack it"),
        ("wide.csv", b"customer_id,time,event_type,x\na,2026-01-01,view,4,5\n", "more fields than the header"),
        ("nul.csv", "customer_id,time,event_type\n".encode("utf-16-le"), r"NUL byte; .* \(iconv -f UTF-16 "),
        ("utf16.csv", "customer_id,time,event_type\n".encode("utf-16"), "it is UTF-16; convert it"),
        ("quote.csv", b'customer_id,time,event_type,text\na,2026-01-01,view,5" x\n', "stands within quotation marks"),
        ("torn.jsonl", b'{"customer_id": "a"}\n{"customer_', "a line is no whole JSON object in UTF-8"),
        ("torn.parquet", b"PAR1", "parquet"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileNotUsable, match=words):
        load_events(path, now=NOW)
