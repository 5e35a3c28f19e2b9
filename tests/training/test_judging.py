"""What is measured of a model beside the one that answers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from made.histories import AS_OF, random_shop
from networks.tiny_model import tiny_model

from events.history import Histories
from scoring.scorer import Scorer
from scoring.seen.feature_histograms import BINS, histograms
from training.evaluating.judging import drifts, evidence

HISTORIES = Histories.from_frame(random_shop(200, seed=5))
CUTOFF = AS_OF - timedelta(days=95)


def scorer(model_id: str, *, seed: int, until: datetime = CUTOFF, **manifest: object) -> Scorer:
    """A tiny model that says it has learned until then."""
    model = tiny_model(model_id, seed=seed)
    return Scorer(replace(model, manifest={**model.manifest, "as_of": until.isoformat(), **manifest}))


def spread(at: datetime) -> Mapping[str, list[int]]:
    made = scorer("any", seed=1)
    return histograms(made.model.normaliser.names, made.features(HISTORIES, np.full(len(HISTORIES), at.timestamp())))


def test_both_models_are_judged_in_a_window_that_is_new_to_both() -> None:
    found = evidence(scorer("new", seed=1), scorer("old", seed=2, until=CUTOFF - timedelta(days=9)), HISTORIES, AS_OF)

    assert (set(found.rivalries), found.why_not) == ({"auc", "log_loss", "ece"}, None)
    auc = found.rivalries["auc"]
    assert auc.low <= auc.ours - auc.theirs <= auc.high
    assert found.delay > 0


def test_a_model_differs_from_itself_in_nothing() -> None:
    same = evidence(scorer("new", seed=1), scorer("old", seed=1), HISTORIES, AS_OF).rivalries

    assert {(each.ours - each.theirs, each.low, each.high) for each in same.values()} == {(0, 0, 0)}


def test_what_a_model_has_learned_from_proves_nothing() -> None:
    found = evidence(scorer("new", seed=1, until=AS_OF - timedelta(days=29)), scorer("old", seed=2), HISTORIES, AS_OF)

    assert (found.rivalries, found.drifts) == ({}, {})
    assert found.why_not is not None
    assert f"before {AS_OF + timedelta(days=1):%Y-%m-%d}" in found.why_not.sentence()


def test_features_drift_where_customers_are_others_than_they_were() -> None:
    now = spread(AS_OF)
    shifted = {name: [0] * (BINS - 3) + [5, 90, 5] if name == min(now) else counts for name, counts in now.items()}

    still = drifts(scorer("new", seed=1, histograms=now), HISTORIES, AS_OF)
    moved = drifts(scorer("new", seed=1, histograms=shifted), HISTORIES, AS_OF)

    assert max(still.values()) < 0.01
    assert moved[min(now)] > 1
    assert {name for name in moved if moved[name] != still.get(name)} == {min(now)}
