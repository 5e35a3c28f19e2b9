"""Where a model came from: fingerprints of data and weights, for the manifest."""

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from events.currency import NO_CURRENCY
from scoring.folders.folder import weights_bytes
from scoring.mixture import Predictor
from scoring.model import Model
from scoring.predictors.trees import Trees
from training.configuration import Configuration

SEED = 1
"""Of the row hashes."""
PACKAGES = tuple(Path(__file__).resolve().parent.parent / name for name in ("events", "scoring", "training"))
"""Whose code makes a model of events."""


class SeveralCurrencies(ValueError):
    """Prices are in more currencies than one."""


@cache
def code_of(*packages: Path) -> str:
    """SHA-256 of their sources: what one version of them left unfinished, another one does not go on with."""
    digest = hashlib.sha256()
    for package in packages:
        for source in sorted(package.rglob("*.py")):
            content = source.read_bytes()
            digest.update(f"{package.name}/{source.relative_to(package)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def fingerprint_of(
    events: pl.DataFrame, items: pl.DataFrame | None, as_of: datetime, configuration: Configuration, seed: int
) -> str:
    """SHA-256 of everything that decides the weights; the order of the events does not count."""
    known = events.filter(pl.col("time") < as_of)
    rows = known.hash_rows(SEED)
    described = {
        "events": known.height,
        "rows": str(rows.cast(pl.Decimal(38, 0)).sum()),
        "items": None if items is None else str(items.hash_rows(SEED).cast(pl.Decimal(38, 0)).sum()),
        "as_of": as_of.timestamp(),
        "configuration": configuration.to_json(),
        "seed": seed,
        "code": code_of(*PACKAGES),
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def data_of(events: pl.DataFrame, fingerprint: str, records_begin: float) -> dict[str, Any]:
    """Size and span of the events before the as-of time, and how many of them are strays of before the records."""
    begin = datetime.fromtimestamp(records_begin, UTC)
    return {
        "fingerprint": fingerprint,
        "events": events.height,
        "customers": events["customer_id"].n_unique(),
        "first_event": str(events["time"].min()),
        "last_event": str(events["time"].max()),
        "records_begin": str(begin),
        "strays": events.filter(pl.col("time") < begin).height,
    }


def currency_of(events: pl.DataFrame) -> str:
    """The one currency of all prices; SeveralCurrencies if there are more, for their sums would mean nothing."""
    found = events["currency"].drop_nulls().unique().sort().to_list()
    if len(found) > 1:
        raise SeveralCurrencies(
            f"currency: prices in {', '.join(found)} cannot be added up; convert them to one currency first"
        )
    return str(found[0]) if found else NO_CURRENCY


def model_id_of(model: Model, as_of: datetime) -> str:
    """Day of the data and a part of the weights' hash."""
    weights = hashlib.sha256(weights_bytes(model))
    trees = model.mixture.speakers.get(Predictor.TREES)
    if isinstance(trees, Trees):
        weights.update(trees.to_json().encode())
    return f"{as_of:%Y%m%d}-{weights.hexdigest()[:10]}"
