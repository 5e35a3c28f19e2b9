"""A file of anything becomes events that are sound, and rows that are rejected with a reason; none are lost."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made.hostile import LARGE, numbers, texts

from events.event import EVENT_SCHEMA, EventType
from events.loading import Loaded, load_events

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = {
    "customer_id": pl.String, "time": pl.String, "event_type": pl.String, "item_id": pl.String, "order_id": pl.String,
    "quantity": pl.Float64, "unit_price": pl.Float64, "currency": pl.String, "rating": pl.Float64,
    "dwell_seconds": pl.Float64, "text": pl.String, "title": pl.String, "category": pl.String, "event_id": pl.String,
}  # fmt: skip
times = st.one_of(texts, st.sampled_from(["2026-01-05 12:00:00", "9999-12-31", "0001-01-01", "-1", "1e400"]))
kinds = st.one_of(texts, st.sampled_from([kind.word for kind in EventType]))
money = st.one_of(texts, st.sampled_from(["GBP", "eur"]))
rows = st.tuples(
    texts, times, kinds, texts, texts, numbers, numbers, money, numbers, numbers, texts, texts, texts, texts
)


def loaded(found: list[tuple[object, ...]]) -> Loaded:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        pl.DataFrame(found, schema=COLUMNS, orient="row").write_parquet(path)
        return load_events(path, currency="GBP", now=NOW)


@settings(max_examples=30)
@given(st.lists(rows, min_size=1, max_size=8))
@example(
    [
        (large, "2026-01-05", "purchase", large, large, 1.0, 1.0, "GBP", None, None, large, large, large, None)
        for large in LARGE
    ]
)
def test_what_is_loaded_is_sound_and_the_rest_is_rejected_with_a_reason(found: list[tuple[object, ...]]) -> None:
    made = loaded(found)
    events = made.events

    assert events.height + made.rejected.height == len(found)
    assert made.rejected["reason"].null_count() == 0
    assert events.schema == EVENT_SCHEMA
    assert events.select("customer_id", "time", "event_type", "event_id").null_count().sum_horizontal().sum() == 0
    assert (events["time"] <= NOW).all()
    assert (events["unit_price_minor"].drop_nulls() >= 0).all()
    for name in ("quantity", "dwell_seconds"):
        known = events[name].drop_nulls()
        assert (known.is_finite() & (known >= 0)).all(), name
    assert events["event_id"].is_unique().all()


def test_hostile_texts_come_through_as_they_were_written() -> None:
    words = ["'; DROP TABLE events; --", "<img onerror=alert(1)>", "\u202egnp.exe", "{{ 7 * 7 }}", "=1+1"]
    made = loaded([
        (word, "2026-01-05 12:00:00", "review", word, None, None, None, None, 5.0, None, word, word, word, None)
        for word in words
    ])  # fmt: skip

    for name in ("customer_id", "item_id", "text"):
        assert made.events[name].to_list() == words, name
    assert set(made.items["title"]) == set(words)
