"""What the model must beat: two rules of thumb, the closed form, and two learners on the same features."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from scoring.answers import Answers, Calibration, Outlook, outlook_of
from scoring.buying import HORIZON_DAYS, BuyingModel
from scoring.predictors import further_orders
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES
from scoring.seen.features import MONTH
from training.material.preparation import Prepared
from training.material.validation import Forward
from training.predictors.boosting import foretold, grow

NEVER_DAYS = 3650.0
RAREST = 1e-3
"""Rates are kept so far off 0 and 1."""
STRENGTH = 0.02
"""Of the linear model's regularisation (scikit-learn's C), weak enough for 50 features of correlated customers."""

COUNT_PENALTY = 0.01
"""Of the Poisson regression's weights (scikit-learn's alpha)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One predictor's answer for P customers."""

    purchase: Floats
    """Probability of an order."""
    spend: Floats
    """Expected."""
    median: Floats
    """Of spend; where the predictor knows no distribution, what it expects."""
    orders: Floats
    """Expected number."""
    median_orders: Floats
    """Likewise, its median."""
    churn: Floats
    """Probability that the customer does nothing at all."""


def recency(raw: Floats, prepared: Prepared) -> Prediction:
    """The longer silent, the less likely; spend and orders of the last 90 days come again."""
    labels = prepared.examples.closed.labels
    since_order, since_event = (
        np.nan_to_num(_column(raw, f"days_since_{what}"), nan=NEVER_DAYS) for what in ("order", "event")
    )
    spend = _column(raw, "spend_90")
    orders = _column(raw, "orders_90")
    return Prediction(
        purchase=_as_rates(-since_order, labels.bought), spend=spend, median=spend, orders=orders, median_orders=orders,
        churn=_as_rates(since_event, labels.silent),
    )  # fmt: skip


def frequency(raw: Floats, prepared: Prepared) -> Prediction:
    """Orders so far over days known; spend and orders continue at their rate."""
    labels, months = prepared.examples.closed.labels, HORIZON_DAYS / MONTH
    often, spend = (np.nan_to_num(_column(raw, f"{what}_per_month")) * months for what in ("orders", "spend"))
    return Prediction(
        purchase=_as_rates(often, labels.bought), spend=spend, median=spend, orders=often, median_orders=often,
        churn=_as_rates(-often, labels.silent),
    )  # fmt: skip


def linear(forward: Forward, prepared: Prepared) -> Prediction:
    """Logistic regressions for the order and for silence, ridge regression of log spend, a Poisson one of orders.

    Where nobody bought, no spend and no orders.
    """
    examples = prepared.examples.closed
    bought = examples.labels.bought
    probability, churn = (
        _logistic(examples.tabular, happened, forward.tabular) for happened in (bought, examples.labels.silent)
    )
    if not bought.any():
        nothing = np.zeros(len(probability))
        return Prediction(
            purchase=probability, spend=nothing, median=nothing, orders=nothing, median_orders=nothing, churn=churn
        )  # fmt: skip
    logs = np.log(np.maximum(examples.labels.spend[bought > 0], 1.0))
    amount = Ridge(alpha=100.0).fit(examples.tabular[bought > 0], logs)
    spread = float((logs - amount.predict(examples.tabular[bought > 0])).std())
    outlook = Outlook(
        purchase=probability[:, None], churn=churn, log_mean=amount.predict(forward.tabular),
        sigma=np.full(len(probability), spread),
    )  # fmt: skip
    count = PoissonRegressor(alpha=COUNT_PENALTY, max_iter=500).fit(examples.tabular, examples.labels.orders)
    orders = count.predict(forward.tabular)
    return Prediction(
        purchase=probability, spend=outlook.spend, median=outlook.median_spend, orders=orders,
        median_orders=poisson.median(orders), churn=churn,
    )  # fmt: skip


def closed_form(raw: Floats, model: BuyingModel) -> Prediction:
    """BG/NBD for whether and how often, a shrunk log-normal basket for how much (`scoring.buying`).

    It knows orders only: whoever does not order is silent.
    """
    chance, spend = (np.nan_to_num(_column(raw, f"{what}_90")) for what in ("chance", "expected_spend"))
    further = further_orders.closed_form(HORIZON_DAYS, raw, model)
    return Prediction(
        purchase=chance, spend=spend, median=spend, orders=chance * (1.0 + further),
        median_orders=further_orders.median_orders(chance, further, raw, model), churn=1.0 - chance,
    )  # fmt: skip


def boosted(forward: Forward, prepared: Prepared, rounds: int, seed: int) -> Prediction | None:
    """LightGBM on rolling cut-offs, alone; None for a shop too small for it."""
    trees = grow(prepared.examples, rounds=rounds, seed=seed)
    if trees is None:
        return None
    examples = prepared.examples.closed
    labels = examples.labels
    hazards, logs = trees.hazards(forward.tabular), trees.log_spend(forward.tabular)
    residual = np.log(np.maximum(labels.spend, 1.0)) - trees.log_spend(examples.tabular)
    size, log_sigma = len(logs), np.log(residual[labels.bought > 0].std())
    answers = Answers(hazards=hazards, log_mean=logs, log_sigma=np.full(size, log_sigma), silence=np.zeros(size))
    outlook = outlook_of(answers, Calibration(), forward.pairs.as_of)
    orders, silence = (
        foretold(
            examples.tabular, target, examples.weight, forward.tabular, objective=objective, rounds=rounds, seed=seed
        )
        for target, objective in ((labels.orders, "poisson"), (labels.silent, "binary"))
    )
    return Prediction(
        purchase=outlook.purchase[:, -1], spend=outlook.spend, median=outlook.median_spend, orders=orders,
        median_orders=poisson.median(orders), churn=silence,
    )  # fmt: skip


def _logistic(known: npt.NDArray[np.float32], happened: Floats, asked: npt.NDArray[np.float32]) -> Floats:
    """[P] probabilities at `asked` [P, S]; the rate where everybody or nobody did it."""
    if happened.min() == happened.max():
        return np.full(len(asked), happened[0])
    fitted = LogisticRegression(C=STRENGTH, max_iter=500).fit(known, happened)
    return np.asarray(fitted.predict_proba(asked)[:, 1], dtype=np.float64)


def _column(raw: Floats, name: str) -> Floats:
    values: Floats = raw[:, NAMES.index(name)]
    return values


def _as_rates(order: Floats, happened: Floats) -> Floats:
    """A ranking as probabilities whose mean is about the training part's rate."""
    rate = float(np.clip(happened.mean(), RAREST, 1 - RAREST))
    share = (np.argsort(np.argsort(order, kind="stable"), kind="stable") + 0.5) / len(order)
    odds = share / (1 - share) * rate / (1 - rate)
    return np.asarray(odds / (1 + odds))
