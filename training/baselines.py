"""What the model must beat: two rules of thumb, the closed form, and two learners on the same features."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from scoring.actions import Floats
from scoring.answers import Answers, Calibration, outlook_of
from scoring.buying import HORIZON_DAYS
from scoring.feature_registry import NAMES
from training.boosting import grow
from training.preparation import Prepared
from training.validation import Forward

NEVER_DAYS = 3650.0
STRENGTH = 0.02
"""Of the linear model's regularisation (scikit-learn's C), weak enough for 50 features of correlated customers."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One predictor's answer for P customers."""

    probability: Floats
    spend: Floats


def recency(raw: Floats, prepared: Prepared) -> Prediction:
    """The longer silent, the less likely; the spend of the last 90 days comes again."""
    silent = -np.nan_to_num(_column(raw, "days_since_order"), nan=NEVER_DAYS)
    return Prediction(_as_rates(silent, prepared), _column(raw, "spend_90"))


def frequency(raw: Floats, prepared: Prepared) -> Prediction:
    """Orders so far over days known; spend continues at its rate."""
    often = np.nan_to_num(_column(raw, "orders_per_month"))
    spend = np.nan_to_num(_column(raw, "spend_per_month")) * HORIZON_DAYS / 30.4375
    return Prediction(_as_rates(often, prepared), spend)


def linear(forward: Forward, prepared: Prepared) -> Prediction:
    """Logistic regression for the order, ridge regression of log spend for the amount."""
    examples = prepared.examples
    bought = examples.labels.bought
    buys = LogisticRegression(C=STRENGTH, max_iter=500).fit(examples.tabular, bought)
    logs = np.log(np.maximum(examples.labels.spend[bought > 0], 1.0))
    amount = Ridge(alpha=100.0).fit(examples.tabular[bought > 0], logs)
    spread = float((logs - amount.predict(examples.tabular[bought > 0])).var())
    probability = np.asarray(buys.predict_proba(forward.tabular)[:, 1], dtype=np.float64)
    return Prediction(probability, probability * np.exp(amount.predict(forward.tabular) + spread / 2))


def closed_form(raw: Floats) -> Prediction:
    """BG/NBD for whether and how often, a shrunk log-normal basket for how much (`scoring.buying`)."""
    return Prediction(np.nan_to_num(_column(raw, "chance_90")), np.nan_to_num(_column(raw, "expected_spend_90")))


def boosted(forward: Forward, prepared: Prepared, rounds: int, seed: int) -> Prediction | None:
    """LightGBM on rolling cut-offs, alone; None for a shop too small for it."""
    trees = grow(prepared.examples, rounds=rounds, seed=seed)
    if trees is None:
        return None
    labels = prepared.examples.labels
    hazards, logs = trees.say(forward.tabular)
    residual = np.log(np.maximum(labels.spend, 1.0)) - trees.say(prepared.examples.tabular)[1]
    size, log_sigma = len(logs), np.log(residual[labels.bought > 0].std())
    answers = Answers(
        hazards=hazards, log_mean=logs, log_sigma=np.full(size, log_sigma), silence=np.zeros(size)
    )  # fmt: skip
    outlook = outlook_of(answers, Calibration(), forward.pairs.as_of)
    return Prediction(outlook.purchase[:, -1], outlook.spend)


def _column(raw: Floats, name: str) -> Floats:
    values: Floats = raw[:, NAMES.index(name)]
    return values


def _as_rates(order: Floats, prepared: Prepared) -> Floats:
    """A ranking as probabilities whose mean is the training part's rate of buyers."""
    rate = float(prepared.examples.labels.bought.mean())
    share = (np.argsort(np.argsort(order, kind="stable"), kind="stable") + 0.5) / len(order)
    odds = share / (1 - share) * rate / (1 - rate)
    return np.asarray(odds / (1 + odds))
