"""How good the model is beside baselines: fitted one window before the end, asked about that window."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from events.history import Histories
from scoring.actions import Floats, Integers
from scoring.answers import ask, outlook_of
from scoring.features import raw_features
from scoring.model import Model
from scoring.network import HORIZONS
from scoring.sequence import Tokens
from scoring.trees import mixed
from training.baselines import Prediction, boosted, closed_form, frequency, linear, recency
from training.configuration import Configuration
from training.fit import fit
from training.labels import cutoffs_of, questions
from training.learning import Progress
from training.metrics import all_metrics, auc, calibration_table, gini
from training.preparation import Prepared, prepare, tokens_from
from training.validation import Forward, forward_of

RESAMPLES = 300
BOUNDS = (0.025, 0.975)
MINOR_UNITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures of every predictor over the same customers; money in major units."""

    cutoff: datetime
    customers: int
    buy_rate: float
    figures: dict[str, dict[str, float]]
    """Predictor to figures; ours is called 'model'."""
    differences: dict[str, dict[str, tuple[float, float]]]
    """Baseline to the 95 % interval of model minus baseline, AUC and Gini, by paired bootstrap over customers."""
    calibration: list[dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "cutoff": self.cutoff.isoformat(),
            "horizon_days": HORIZONS[-1],
            "customers": self.customers,
            "buy_rate": self.buy_rate,
            "figures": self.figures,
            "differences": self.differences,
            "calibration": self.calibration,
        }


def evaluate(
    events: pl.DataFrame, items: pl.DataFrame | None, *, as_of: datetime,
    configuration: Configuration, seed: int, checkpoints: Path, progress: Progress,
) -> Evaluation:  # fmt: skip
    """Fit on what was known at `as_of` minus the longest horizon, and measure on the window up to `as_of`."""
    cutoff = as_of - timedelta(days=HORIZONS[-1])
    model = fit(
        events, items, as_of=cutoff, configuration=configuration, seed=seed, device="cpu",
        checkpoints=checkpoints, progress=progress,
    )  # fmt: skip
    tokens = tokens_from(Histories.from_frame(events.filter(pl.col("time") < as_of)), model.catalogue)
    prepared = _training_part(tokens, cutoff, configuration, seed)
    pairs = questions(tokens.actions, np.array([cutoff.timestamp()]))
    forward = forward_of(tokens, pairs, prepared, np.zeros(len(tokens.actions.offsets) - 1, dtype=bool))
    predictions = {"model": _ours(model, forward), **_baselines(forward, prepared, configuration, seed)}
    bought, spend = forward.labels.bought, forward.labels.spend
    return Evaluation(
        cutoff=cutoff,
        customers=len(pairs),
        buy_rate=float(bought.mean()),
        figures={name: _figures(bought, spend, made) for name, made in predictions.items()},
        differences=_differences(bought, spend, predictions, seed),
        calibration=calibration_table(bought, predictions["model"].probability),
    )


def _training_part(tokens: Tokens, cutoff: datetime, configuration: Configuration, seed: int) -> Prepared:
    actions = tokens.actions
    until = cutoff.timestamp()
    cutoffs = cutoffs_of(float(actions.time.min()), until, configuration)
    nothing = np.zeros(len(actions.time), dtype=bool)
    everybody = np.arange(len(actions.offsets) - 1)
    return prepare(
        tokens,
        everybody,
        cutoffs,
        until=until,
        held_out_orders=nothing,
        memory_days=configuration.memory_days,
        seed=seed,
    )


def _ours(model: Model, forward: Forward) -> Prediction:
    pairs = forward.pairs
    tabular = model.normaliser(raw_features(forward.tokens.actions, pairs, model.buying))
    answers = mixed(model.trees, ask(model.networks, forward.tokens, pairs, tabular, torch.device("cpu")), tabular)
    outlook = outlook_of(answers, model.calibration, pairs.as_of)
    return Prediction(outlook.purchase[:, -1], outlook.spend)


def _baselines(forward: Forward, prepared: Prepared, configuration: Configuration, seed: int) -> dict[str, Prediction]:
    raw = raw_features(forward.tokens.actions, forward.pairs, prepared.buying)
    trees = boosted(forward, prepared, configuration.tree_rounds, seed)
    return {
        "recency": recency(raw, prepared),
        "frequency": frequency(raw, prepared),
        "closed_form": closed_form(raw),
        "linear": linear(forward, prepared),
    } | ({} if trees is None else {"trees": trees})


def _figures(bought: Floats, spend: Floats, made: Prediction) -> dict[str, float]:
    return all_metrics(bought, spend / MINOR_UNITS, made.probability, made.spend / MINOR_UNITS)


def _differences(
    bought: Floats, spend: Floats, predictions: dict[str, Prediction], seed: int
) -> dict[str, dict[str, tuple[float, float]]]:
    random = np.random.default_rng(seed)
    draws = [random.integers(0, len(bought), len(bought)) for _ in range(RESAMPLES)]
    ours = predictions["model"]
    return {
        name: {
            "auc": _interval(draws, auc, bought, ours.probability, other.probability),
            "gini": _interval(draws, gini, spend, ours.spend, other.spend),
        }
        for name, other in predictions.items()
        if name != "model"
    }


def _interval(
    draws: list[Integers], figure: Callable[[Floats, Floats], float], truth: Floats, ours: Floats, theirs: Floats
) -> tuple[float, float]:
    differences = [figure(truth[draw], ours[draw]) - figure(truth[draw], theirs[draw]) for draw in draws]
    low, high = np.nanquantile(differences, BOUNDS).tolist()
    return low, high
