"""What events tell of the hidden state agrees with it: who is believed to have left has left as often as believed."""

import numpy as np
import polars as pl
import pytest

from events.event import EventType
from simulator.catalogue import catalogue
from simulator.evidence import Evidence, evidence_of
from simulator.filtering import Foretold, foretell
from simulator.shop import Shop
from simulator.stream import simulate
from training.metrics import auc

SHOP = Shop(customers=400, seed=5)
WIDTH = 3.0
"""Standard errors; the seeds are fixed, so a failure is a change of the laws and not bad luck."""


@pytest.fixture(scope="module")
def truth() -> pl.DataFrame:
    """With what happened in the 90 days."""
    block = next(simulate(SHOP))
    buyers = block.future.filter(pl.col("event_type") == EventType.PURCHASE)["customer_id"].unique()
    return block.truth.with_columns(bought=pl.col("customer_id").is_in(buyers.implode()))


@pytest.fixture(scope="module")
def seen(truth: pl.DataFrame) -> Evidence:
    return evidence_of(SHOP, next(simulate(SHOP)).events, catalogue(SHOP), truth["customer_id"])


@pytest.fixture(scope="module")
def foretold(seen: Evidence) -> Foretold:
    return foretell(SHOP, seen, hypotheses=30, seed=0)


@pytest.mark.parametrize(("said", "happened"), [("purchase", "bought"), ("lapsed", "lapsed")])
def test_what_is_believed_happens_as_often_as_believed(
    truth: pl.DataFrame, foretold: Foretold, said: str, happened: str
) -> None:
    believed, came = getattr(foretold, said), truth[happened].to_numpy()
    for part in np.array_split(np.argsort(believed), 4):
        error = np.sqrt((believed[part] * (1 - believed[part])).sum()) / len(part)
        assert abs(believed[part].mean() - came[part].mean()) < WIDTH * error


def test_events_tell_less_than_the_hidden_state_and_most_of_who_has_left(
    truth: pl.DataFrame, foretold: Foretold
) -> None:
    bought, lapsed = truth["bought"].to_numpy().astype(float), truth["lapsed"].to_numpy().astype(float)
    assert 0.8 < auc(bought, foretold.purchase) < auc(bought, truth["purchase_probability"].to_numpy())
    assert auc(lapsed, foretold.lapsed) > 0.9


def test_a_customer_without_events_is_refused(truth: pl.DataFrame) -> None:
    events = next(simulate(SHOP)).events
    one = truth["customer_id"].head(2)
    with pytest.raises(ValueError, match=r"^1 customers have no event before 2025-06-24"):
        evidence_of(SHOP, events.filter(pl.col("customer_id") != one[0]), catalogue(SHOP), one)
