"""A file of anything becomes events that are sound, and rows that are rejected with a reason; none are lost."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made.hostile import LARGE, numbers, texts

from events.attributes import read_items
from events.event import EVENT_SCHEMA, EventType
from events.files import reading, room
from events.files.reading import FileNotUsable
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


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Binary], ids=str)
def test_a_small_file_of_endless_texts_is_read_in_batches_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: pl.DataType
) -> None:
    monkeypatch.setattr(reading, "BYTES_AT_ONCE", 1 << 20)
    path = tmp_path / "events.parquet"
    pl.DataFrame({"text": pl.Series(["é" * 1_000_000] * 99 + [None]).cast(kind)}).write_parquet(path)

    parts = list(reading.batches(path))

    assert path.stat().st_size < 100_000
    assert pl.concat(parts)["text"].to_list() == ["é" * 20_000] * 99 + [None]
    assert max(part.estimated_size() for part in parts) <= 1 << 20


def test_texts_that_take_more_memory_than_there_is_are_refused_before_all_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.parquet"
    said = {"customer_id": "anna", "time": "2026-01-05", "event_type": "view", "item_id": "i", "title": "x" * 9_000}
    pl.DataFrame([said] * 1_000).write_parquet(path)
    assert load_events(path, now=NOW).events.height == 1

    monkeypatch.setattr(room, "free_memory", lambda: 15_000_000)

    with pytest.raises(FileNotUsable, match=r"its texts take more than 0 GB of memory.*import the file in parts"):
        load_events(path, now=NOW)
    with pytest.raises(FileNotUsable, match="its texts take more than"):
        read_items(path.rename(tmp_path / "items.parquet"))


def test_hostile_texts_come_through_as_they_were_written() -> None:
    words = ["'; DROP TABLE events; --", "<img onerror=alert(1)>", "\u202egnp.exe", "{{ 7 * 7 }}", "=1+1"]
    made = loaded([
        (word, "2026-01-05 12:00:00", "review", word, None, None, None, None, 5.0, None, word, word, word, None)
        for word in words
    ])  # fmt: skip

    for name in ("customer_id", "item_id", "text"):
        assert made.events[name].to_list() == words, name
    assert set(made.items["title"]) == set(words)
