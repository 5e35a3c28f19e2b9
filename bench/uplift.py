"""Whom an offer changes: what learners find in simulated trials, by the facts, and with what the Transformer has seen.

    python -m bench.uplift [--shops N] [--customers N] [--epochs E]

Half of a shop gets a coupon at a moment; the outcome is an order within 90 days. A row for each learner, out of fold,
the mean over the shops: the rank correlation with the true effects, and Qini by the true effects per 1,000 customers.
*Facts* are the tabular features and the model's chance of an order; *with the vector* adds the state of the query
token that the heads of the network read. The Qini of the facts less that of response, and that with the vector less
that of the facts, have intervals (95 %, paired bootstrap).
`true effects` are trees that learn from the effects themselves, which nobody sees: the most that either can tell.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl

from admin.learning.data import TrainingData
from bench.order_counts import states, window_of
from events.history import Histories
from scoring.seen.actions import Floats
from scoring.threads import limit_threads
from simulator.catalogue import catalogue
from simulator.shop import HORIZON_DAYS, Shop
from simulator.stream import simulate
from training.configuration import Configuration
from training.metrics import spearman
from training.predictors.boosting import foretold
from training.uplift.crossfit import cross_fit
from training.uplift.learners import Learner
from training.uplift.qini import Curve
from training.uplift.trial import Trial, folds

PARTS, ROUNDS, RESAMPLES, SEED = 5, 150, 400, 0
CEILING = "true effects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One shop's trial by its facts, and what is known beside them."""

    trial: Trial
    vector: Floats
    """[N, D]"""
    effect: Floats
    """[N] the true ones."""

    @property
    def seen(self) -> Trial:
        """With the vector among the features."""
        return replace(self.trial, features=np.column_stack([self.trial.features, self.vector]))


def shown(shop: Shop, configuration: Configuration) -> Shown:
    """A trial in a simulated shop, whose customers a network has read before."""
    blocks = list(simulate(shop))
    events = pl.concat(part for block in blocks for part in (block.events, block.future))
    end = shop.as_of + timedelta(days=HORIZON_DAYS)
    customers = pl.concat(block.customers for block in blocks)
    seen = events.group_by("customer_id").agg(pl.col("time").min())
    data = TrainingData(events=events, items=catalogue(shop), customers=customers, seen=seen, as_of=end)
    window = window_of(data, end, configuration)
    ids = Histories.from_frame(events.filter(pl.col("time") < end)).customer_ids[window.asked.pairs.customer]
    truth = pl.concat(block.truth for block in blocks)
    known = pl.DataFrame({"customer_id": ids.astype(str)}).join(truth, on="customer_id", maintain_order="left")
    treated = known["in_trial"].to_numpy()
    trial = Trial(
        features=np.column_stack([window.asked.raw, window.chance]), categorical=(), treated=treated,
        outcome=(window.asked.orders > 0).astype(np.float64), propensity=np.full(len(treated), treated.mean()),
    )  # fmt: skip
    return Shown(trial=trial, vector=states(window.network, window.asked), effect=known["uplift"].to_numpy())


def ranked(shown: Shown) -> dict[str, tuple[Floats, Floats]]:
    """[N] scores of each learner by the facts, and with the vector."""
    by_facts, seen = (
        {**cross_fit(trial, parts=PARTS, seed=SEED, progress=lambda *_: None), CEILING: _taught(trial, shown.effect)}
        for trial in (shown.trial, shown.seen)
    )
    return {name: (by_facts[name], seen[name]) for name in by_facts}


def rows(shops: list[Shown]) -> Iterator[Mapping[str, object]]:
    """A row for each learner."""
    found = [ranked(shop) for shop in shops]
    for name in found[0]:
        pairs = [scores[name] for scores in found]
        by_facts, seen = (_mean(shops, [pair[place] for pair in pairs]) for place in (0, 1))
        yield {
            "learner": name, "facts": by_facts, "with_vector": seen,
            "over_response": _gained(shops, [(scores[Learner.RESPONSE][0], scores[name][0]) for scores in found]),
            "vector_gain": _gained(shops, pairs),
        }  # fmt: skip


def true_qini(effect: Floats, score: Floats, times: Floats) -> float:
    """Per 1,000 customers, each counted so many `times`."""
    order = np.argsort(-score, kind="stable")
    counted = np.cumsum(times[order])
    gain = np.cumsum((times * effect)[order]) / counted[-1]
    return Curve(np.append(0.0, counted / counted[-1]), np.append(0.0, gain)).qini


def _taught(trial: Trial, effect: Floats) -> Floats:
    said, parts = np.empty(len(trial)), folds(trial, PARTS, np.random.default_rng(SEED))
    features = trial.features.astype(np.float32)
    for part in range(PARTS):
        held = parts == part
        weight = np.ones((~held).sum())
        said[held] = foretold(
            features[~held], effect[~held], weight, features[held], objective="regression", rounds=ROUNDS, seed=SEED
        )
    return said


def _mean(shops: list[Shown], scores: list[Floats]) -> Mapping[str, float]:
    each = list(zip(shops, scores, strict=True))
    qini = [true_qini(shop.effect, score, np.ones(len(score))) for shop, score in each]
    correlation = [spearman(shop.effect, score) for shop, score in each]
    return {"qini": round(float(np.mean(qini)), 2), "correlation": round(float(np.mean(correlation)), 3)}


def _gained(shops: list[Shown], pairs: list[tuple[Floats, Floats]]) -> list[float]:
    """Between which the second of each pair of scores is ahead of the first, in the mean over the shops."""
    random, gains = np.random.default_rng(SEED), np.zeros(RESAMPLES)
    for shop, (first, second) in zip(shops, pairs, strict=True):
        for place in range(RESAMPLES):
            times = random.poisson(1.0, len(shop.effect)).astype(np.float64)
            gains[place] += true_qini(shop.effect, second, times) - true_qini(shop.effect, first, times)
    return [round(float(end), 2) for end in np.quantile(gains / len(shops), (0.025, 0.975))]


def main() -> None:
    """Print a row of JSON for each learner."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("shops", 3), ("customers", 5_000), ("epochs", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    limit_threads()
    configuration = Configuration(max_epochs=chosen.epochs)
    made = (
        Shop(customers=chosen.customers, seed=seed, days=360, trial_share=0.5) for seed in range(1, chosen.shops + 1)
    )
    for row in rows([shown(shop, configuration) for shop in made]):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
