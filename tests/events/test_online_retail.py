"""UCI Online Retail, whole: the published counts, and the events that the yardstick for customer value expects."""

from datetime import UTC, datetime
from pathlib import Path
from runpy import run_path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from events.event import EventType
from events.formats import preset
from events.loading import Loaded, load_events

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {kind.word: int(kind) for kind in EventType}


@pytest.fixture(scope="module")
def retail(real_data: Path) -> Loaded:
    """The file through our preset."""
    path = real_data / "online_retail.parquet"
    if not path.exists():
        pytest.skip("online_retail.parquet is not among the real data sets")
    return load_events(path, preset("online-retail"), now=NOW)


@pytest.fixture(scope="module")
def expected(real_data: Path) -> pl.DataFrame:
    """The file through the yardstick, its prices rounded to pence."""
    yardstick = real_data.parent / "eval" / "value.py"
    if not yardstick.exists():
        pytest.skip("the yardstick eval/value.py is not beside the data")
    events: pl.DataFrame = run_path(str(yardstick))["online_retail"](real_data)
    return events.with_columns(
        pl.col("time").dt.replace_time_zone("UTC"),
        pl.col("event_type").replace_strict(KINDS, return_dtype=pl.Int16),
        (pl.col("unit_price") * 100).round().cast(pl.Int64).alias("unit_price_minor"),
    )


def test_the_published_counts_are_found(retail: Loaded) -> None:
    before = retail.report.before
    assert before.rows == 541_909
    assert before.missing["customer_id"] == 135_080
    assert before.missing["title"] == 1_454
    assert before.duplicates == 5_268
    assert before.cancellations == 9_288
    assert before.customers == 4_372


def test_the_events_are_those_of_the_yardstick(retail: Loaded, expected: pl.DataFrame) -> None:
    columns = ["customer_id", "time", "event_type", "order_id", "item_id", "quantity", "unit_price_minor"]
    assert_frame_equal(retail.events.select(columns).sort(columns), expected.select(columns).sort(columns))


def test_every_row_is_accounted_for(retail: Loaded) -> None:
    reasons: dict[str, int] = {}
    for step in retail.report.steps:
        reasons |= dict(step.rejected)
    assert reasons == {
        "DUPLICATE": 5_268,
        "NON_PRODUCT": 2_989,
        "NON_POSITIVE_PRICE": 2_480,
        "MISSING_CUSTOMER_ID": 131_516,
        "CANCELLED_SAME_DAY": 1_484,
    }
    assert retail.report.rows_out == 541_909 - sum(reasons.values()) == 398_172
    assert retail.report.rounded_prices == 0


def test_the_greatest_wholesale_orders_stay(retail: Loaded, expected: pl.DataFrame) -> None:
    spend = pl.col("quantity") * pl.col("unit_price_minor")
    bought = pl.col("event_type") == int(EventType.PURCHASE)
    assert retail.events.filter(bought).select(spend.top_k(10)).equals(expected.filter(bought).select(spend.top_k(10)))


def test_the_yardsticks_own_file_gives_the_same_event_ids(
    retail: Loaded, expected: pl.DataFrame, tmp_path: Path
) -> None:
    expected.drop("unit_price_minor").write_parquet(tmp_path / "canonical.parquet")
    again = load_events(tmp_path / "canonical.parquet", currency="GBP", now=NOW)
    assert again.rejected.is_empty()
    assert_frame_equal(again.events.sort("event_id"), retail.events.sort("event_id"))
