"""How good the model is beside baselines: fitted one window before the end, asked about that window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from events.currency import minor_units_of
from events.history import Histories
from scoring.answers import Outlook, ask, outlook_of
from scoring.model import Model
from scoring.networks.network import HORIZONS
from scoring.predictors.further_orders import further_orders, median_orders
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens
from scoring.seen.view import Where
from training.configuration import Configuration
from training.course import HistoryTooShort, Training
from training.evaluating.baselines import Prediction, boosted, closed_form, frequency, linear, recency
from training.evaluating.comparison import OURS, Comparison, compare
from training.evaluating.groups import Group, disparity, groups_of
from training.evaluating.slices import Slice, slices_of
from training.fit import fit
from training.material.beginning import in_words, records_begin
from training.material.labels import Labels, cutoffs_of, questions
from training.material.preparation import Prepared, prepare, tokens_from
from training.material.validation import Forward, forward_of
from training.metrics import (
    AMOUNTS,
    CHANCES,
    COUNTS,
    SINGLE,
    SLICED,
    Figure,
    band_table,
    calibration_table,
    decile_table,
    lift_table,
    roc,
    tier_table,
)
from training.purpose import Purpose

MEASURE = "expected_value"
"""Of the manifest's thresholds: that which tiers of spend are by."""

Table = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """What is foretold of some customers, within one window."""

    purchase: Comparison
    """Probability of an order."""
    churn: Comparison
    """Probability that the customer does nothing at all."""

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            name: comparison.to_json() | {"near_chance": comparison.near_chance}
            for name, comparison in (("purchase", self.purchase), ("churn", self.churn))
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What every predictor says of P customers within one window, and what came; money in minor units."""

    model: Model
    prepared: Prepared
    """What the baselines learned from."""
    forward: Forward
    predictions: Mapping[str, Prediction]
    outlook: Outlook
    """The model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What every predictor said of the same customers, beside what came; money in major units."""

    cutoff: datetime
    records_begin: datetime
    strays: int
    """Events before that."""
    currency: str
    everybody: Products
    value: Comparison
    """Spend within the window: expected of all, and of one customer."""
    orders: Comparison
    """Number of orders within it: expected of all, and of one customer."""
    slices: Mapping[Slice, Products]
    """Those that have customers."""
    roc: Mapping[str, list[tuple[float, float]]]
    """Predictor to its curve."""
    calibration: Table
    deciles: Table
    order_deciles: Table
    lift: Table
    tiers: Table
    bands: Table
    """How often bands of spend held what came, of everybody and by tier."""
    shares: Mapping[str, Mapping[str, float]]
    """Predictor to what the rehearsal found of it, and its shares of the answer."""
    groups: Sequence[Group] = ()
    """By an attribute, where one was asked for."""

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        everybody, value = self.everybody.to_json(), self.value.to_json()
        both = {
            part: {name: figures | value[part][name] for name, figures in everybody["purchase"][part].items()}
            for part in ("figures", "intervals", "differences")
        }
        return {
            "cutoff": self.cutoff.isoformat(),
            "records_begin": self.records_begin.isoformat(),
            "strays": self.strays,
            "horizon_days": HORIZONS[-1],
            "currency": self.currency,
            "customers": self.everybody.purchase.customers,
            "buy_rate": self.everybody.purchase.mean,
            **both,
            "churn": everybody["churn"],
            "orders": self.orders.to_json(),
            "slices": {str(name): each.to_json() for name, each in self.slices.items()},
            "calibration": self.calibration,
            "deciles": self.deciles,
            "order_deciles": self.order_deciles,
            "lift": self.lift,
            "tiers": self.tiers,
            "bands": self.bands,
            "groups": [group.to_json() for group in self.groups],
            "disparity": disparity(self.groups)._asdict() if self.groups else None,
            "shares": self.shares,
        }


def evaluate(training: Training, checkpoints: Path, attribute: Mapping[str, str] | None = None) -> Evaluation:
    """Fit on what was known at its as-of time minus the longest horizon, and measure on the window up to that time.

    `attribute` says what each customer is, for figures by group. HistoryTooShort where no window is closed by then.
    """
    told = foretell(training, checkpoints)
    found = _measured(told, training.as_of - timedelta(days=HORIZONS[-1]), training.seed)
    return found if attribute is None else replace(found, groups=_groups(told, attribute, training.seed))


def foretell(training: Training, checkpoints: Path) -> Foretold:
    """What is measured, asked as of the longest horizon before the as-of time. HistoryTooShort as `evaluate`."""
    configuration, seed = training.configuration, training.seed
    cutoff = training.as_of - timedelta(days=HORIZONS[-1])
    histories = Histories.from_frame(training.known)
    _require_a_window(histories, training.as_of, cutoff, configuration)
    model = fit(replace(training, as_of=cutoff, purpose=Purpose.ORDERS), checkpoints)
    tokens = tokens_from(histories, model.catalogue)
    prepared = _training_part(tokens, cutoff, configuration, seed)
    pairs = questions(tokens.actions, np.array([cutoff.timestamp()]))
    forward = forward_of(tokens, pairs, prepared, np.zeros(len(tokens.actions.offsets) - 1, dtype=bool))
    ours, outlook = _ours(model, forward)
    predictions = {OURS: ours, **_baselines(forward, prepared, configuration, seed)}
    return Foretold(model=model, prepared=prepared, forward=forward, predictions=predictions, outlook=outlook)


def _require_a_window(histories: Histories, as_of: datetime, cutoff: datetime, configuration: Configuration) -> None:
    """When records begin is known at `as_of`: by the cut-off strays may have been all that there was."""
    begin = records_begin(histories, as_of.timestamp())
    if len(cutoffs_of(begin, cutoff.timestamp(), configuration)) == 0:
        raise HistoryTooShort(
            f"{in_words(begin, histories)}, and the window of 90 days that is measured on {cutoff:%Y-%m-%d}; baselines "
            "need at least 98 days before it: another window, and a week. Give a longer history or a later time"
        )


def _measured(told: Foretold, cutoff: datetime, seed: int) -> Evaluation:
    model, forward, predictions = told.model, told.forward, told.predictions
    labels, ours = forward.labels, predictions[OURS]
    minor = minor_units_of(model.currency)
    spend, value = labels.spend / minor, {name: made.spend / minor for name, made in predictions.items()}
    single = {name: made.median / minor for name, made in predictions.items()}
    orders, often = (
        {name: getattr(made, what) for name, made in predictions.items()} for what in ("orders", "median_orders")
    )
    thresholds = {tier: least / minor for tier, least in model.manifest["tiers"][MEASURE].items()}
    inside = slices_of(raw_features(forward.tokens.actions, forward.pairs, model.buying))
    return Evaluation(
        cutoff=cutoff,
        records_begin=datetime.fromisoformat(model.manifest["data"]["records_begin"]),
        strays=model.manifest["data"]["strays"],
        currency=model.currency,
        everybody=_products(labels, predictions, np.ones(len(spend), dtype=bool), CHANCES, seed),
        value=compare(spend, value, AMOUNTS, seed=seed).beside(compare(spend, single, SINGLE, seed=seed)),
        orders=compare(labels.orders, orders, COUNTS, seed=seed).beside(
            compare(labels.orders, often, SINGLE, seed=seed)
        ),
        slices={name: _products(labels, predictions, at, SLICED, seed) for name, at in inside.items() if at.any()},
        roc={name: roc(labels.bought, made.purchase) for name, made in predictions.items()},
        calibration=calibration_table(labels.bought, ours.purchase),
        deciles=decile_table(spend, value[OURS]),
        order_deciles=decile_table(labels.orders, ours.orders, word="ordered"),
        lift=lift_table(labels.bought, ours.purchase),
        tiers=tier_table(spend, value[OURS], thresholds),
        bands=band_table(labels.spend, told.outlook, model.manifest["tiers"][MEASURE]),
        shares=model.manifest.get("predictors", {}),
    )


def _groups(told: Foretold, attribute: Mapping[str, str], seed: int) -> list[Group]:
    forward, ours = told.forward, told.predictions[OURS]
    ids = forward.tokens.actions.histories.customer_ids[forward.pairs.customer]
    values = [attribute.get(str(customer_id)) for customer_id in ids]
    return groups_of(values, forward.labels.bought, ours.purchase, seed=seed)


def _products(
    labels: Labels, predictions: Mapping[str, Prediction], at: Where, figures: Mapping[str, Figure], seed: int
) -> Products:
    purchase = {name: made.purchase[at] for name, made in predictions.items()}
    churn = {name: made.churn[at] for name, made in predictions.items()}
    return Products(
        purchase=compare(labels.bought[at], purchase, figures, seed=seed),
        churn=compare(labels.silent[at], churn, figures, seed=seed),
    )


def _training_part(tokens: Tokens, cutoff: datetime, configuration: Configuration, seed: int) -> Prepared:
    actions = tokens.actions
    until = cutoff.timestamp()
    nothing = np.zeros(len(actions.time), dtype=bool)
    everybody = np.arange(len(actions.offsets) - 1)
    configuration = configuration.remembering(len(everybody))
    begin = records_begin(actions.histories, until)
    cutoffs = cutoffs_of(begin, until, configuration)
    return prepare(
        tokens,
        everybody,
        cutoffs,
        begin=begin,
        until=until,
        held_out_orders=nothing,
        configuration=configuration,
        seed=seed,
    )


def _ours(model: Model, forward: Forward) -> tuple[Prediction, Outlook]:
    pairs = forward.pairs
    raw = raw_features(forward.tokens.actions, pairs, model.buying)
    tabular = model.normaliser(raw)
    answers = model.mixture.mixed(ask(model.networks, forward.tokens, pairs, tabular, torch.device("cpu")), tabular)
    outlook = outlook_of(answers, model.calibration, pairs.as_of)
    purchase = outlook.purchase[:, -1]
    further = further_orders(HORIZONS[-1], raw, tabular, model.buying, model.further)
    return Prediction(
        purchase=purchase, spend=outlook.spend, median=outlook.median_spend, orders=purchase * (1.0 + further),
        median_orders=median_orders(purchase, further, raw, model.buying), churn=outlook.churn,
    ), outlook  # fmt: skip


def _baselines(forward: Forward, prepared: Prepared, configuration: Configuration, seed: int) -> dict[str, Prediction]:
    raw = raw_features(forward.tokens.actions, forward.pairs, prepared.buying)
    trees = boosted(forward, prepared, configuration.tree_rounds, seed)
    return {
        "recency": recency(raw, prepared),
        "frequency": frequency(raw, prepared),
        "closed_form": closed_form(raw, prepared.buying),
        "linear": linear(forward, prepared),
    } | ({} if trees is None else {"trees": trees})
