"""Files of a shop, and what they come to."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from events.formats import preset
from events.loading import Loaded, load_events

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def loaded(
    frame: pl.DataFrame, *, ending: str = "parquet", name: str = "canonical", currency: str | None = "GBP"
) -> Loaded:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"events.{ending}"
        if ending == "csv":
            frame.write_csv(path)
        elif ending == "jsonl":
            frame.write_ndjson(path)
        else:
            frame.write_parquet(path)
        return load_events(path, preset(name), currency=currency, now=NOW)


def yardstick(**columns: list[object]) -> pl.DataFrame:
    usual: dict[str, list[object]] = {
        "customer_id": ["17850"], "time": [datetime(2011, 1, 1, 9, 30)], "event_type": ["purchase"],  # noqa: DTZ001
        "order_id": ["540001"], "item_id": ["85123A"], "quantity": [6.0], "unit_price": [2.55],
        "title": ["HEART HOLDER"], "country": ["France"],
    }  # fmt: skip
    return pl.DataFrame(usual | columns)
