"""Teaching an adapter: one market's events over a base model whose own weights stay as they are.

Forward in time: it learns from windows that close before the last one, some customers tell when to stop, and the last
window judges the model with the adapter beside the model without it.
"""

import copy
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import torch

from events.history import Histories
from scoring.adapters import Adapter, Method, adapted
from scoring.answers import ask, outlook_of
from scoring.model import Model
from scoring.networks.network import Network
from scoring.seen.actions import Floats, Integers
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens
from training.configuration import Configuration
from training.course import HistoryTooShort, check_bought
from training.curves.curves import NOWHERE, Curves
from training.grafting import graft, harvest, learning_parameters
from training.learning import Learner, from_lessons, learn
from training.loss import mean_hazard_loss
from training.material.beginning import records_begin
from training.material.examples import Examples, examples_of, lessons, next_orders
from training.material.labels import LONGEST, cutoffs_of, labels_of, questions
from training.material.likeness import likeness
from training.material.preparation import MOST_QUESTIONS, at_most, ends, tokens_from, weights_of
from training.material.silence import order_times
from training.metrics import all_metrics
from training.progress import Progress

RATES = {
    Method.LORA: 2e-3, Method.ADALORA: 2e-3, Method.IA3: 5e-3, Method.PREFIX: 5e-3, Method.BOTTLENECK: 2e-3,
    Method.FULL: 5e-4,
}  # fmt: skip
MINOR_UNITS = 100
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """An adapter, and what it is worth on the market's last window."""

    adapter: Adapter
    trainable_share: float
    seconds: float
    """Of learning."""
    before: dict[str, float]
    after: dict[str, float]
    known: bool
    """Whether the base may have learned from that window, in which it looks better then than it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an adapter is taught."""

    method: Method = Method.LORA
    rank: int = 4
    """Also the width of a bottleneck and the length of a prefix."""
    epochs: int = 8
    """At most."""
    seed: int = 0

    @property
    def configuration(self) -> Configuration:
        """For the loop that networks learn by; a market is small, so its batches are."""
        return Configuration(
            max_epochs=self.epochs,
            patience=2,
            learning_rate=RATES[self.method],
            direct_penalty=0.0,
            averaging=0.9,
            warm_up_steps=10,
            sequences=16,
        )


def adapt(
    model: Model, events: pl.DataFrame, plan: Plan, *,
    market: str, as_of: datetime, progress: Progress, curves: Curves = NOWHERE,
) -> Adapted:  # fmt: skip
    """Teach every network of the model; events from `as_of` on are not looked at.

    Raises:
        HistoryTooShort: No window closes before the last one begins, or nobody bought.
    """
    known = events.filter(pl.col("time") < as_of)
    tokens = tokens_from(Histories.from_frame(known), model.catalogue)
    check_bought(tokens.actions)
    boundary = as_of.timestamp() - LONGEST
    lesson = _Lesson(model, tokens, boundary, plan)
    began, tensors, share = time.monotonic(), dict[str, torch.Tensor](), 0.0
    for number, network in enumerate(model.networks):
        found, share = lesson.teach(copy.deepcopy(network), f"adapter {number + 1}", progress, curves)
        tensors |= {f"{number}:{name}": tensor for name, tensor in found.items()}
    seconds = time.monotonic() - began
    adapter = Adapter(market=market, method=plan.method, base=model.model_id, tensors=tensors)
    return Adapted(
        adapter=adapter, trainable_share=share, seconds=seconds,
        before=judge(model, tokens, boundary), after=judge(adapted(model, adapter), tokens, boundary),
        known=datetime.fromisoformat(model.manifest["as_of"]).timestamp() > boundary,
    )  # fmt: skip


def judge(model: Model, tokens: Tokens, cutoff: float) -> dict[str, float]:
    """Figures of a model on the window from a cut-off, everybody's share mixed in; `network_` without them."""
    pairs = questions(tokens.actions, np.array([cutoff]))
    labels = labels_of(tokens.actions, pairs)
    tabular = model.normaliser(raw_features(tokens.actions, pairs, model.buying))
    alone = ask(model.networks, tokens, pairs, tabular, CPU)
    figures: dict[str, float] = {}
    for prefix, answers in (("", model.mixture.mixed(alone, tabular)), ("network_", alone)):
        outlook = outlook_of(answers, model.calibration, pairs.as_of)
        spend, *said = (each / MINOR_UNITS for each in (labels.spend, outlook.spend, outlook.median_spend))
        found = all_metrics(labels.bought, spend, outlook.purchase[:, -1], *said)
        figures |= {f"{prefix}{name}": found[name] for name in ("auc", "log_loss", "ece", "gini")}
    return figures


class _Lesson:
    """One market's questions, some customers of it apart to tell when to stop."""

    def __init__(self, model: Model, tokens: Tokens, until: float, plan: Plan) -> None:
        self._model, self._tokens, self._until, self._plan = model, tokens, until, plan
        self._begin = records_begin(tokens.actions.histories, until)
        cutoffs = cutoffs_of(self._begin, until, plan.configuration)
        if len(cutoffs) == 0:
            raise HistoryTooShort(
                "the market's events leave no window to learn from before the last one: give a longer history"
            )
        held = np.random.default_rng(plan.seed).random(len(tokens.actions.offsets) - 1)
        apart = held < plan.configuration.held_out_share
        self._learned, self._stop = (self._examples(cutoffs, np.flatnonzero(part)) for part in (~apart, apart))

    def _examples(self, cutoffs: Floats, customers: Integers) -> Examples:
        """Features as the base model makes them: its normaliser and its buying model stay."""
        model, actions, seed = self._model, self._tokens.actions, self._plan.seed
        pairs = at_most(questions(actions, cutoffs, customers), MOST_QUESTIONS, seed)
        raw, labels = raw_features(actions, pairs, model.buying), labels_of(actions, pairs)
        alike = likeness(raw, labels, pairs.as_of, order_times(actions), begin=self._begin, until=self._until)
        end = ends(actions, self._until)
        return examples_of(
            self._tokens, pairs, model.normaliser(raw), labels,
            weight=weights_of(pairs, self._until, self._plan.configuration, alike), until=end,
            next_order=next_orders(actions, end, np.zeros(len(actions.time), dtype=bool)),
        )  # fmt: skip

    def teach(
        self, network: Network, stage: str, progress: Progress, curves: Curves
    ) -> tuple[dict[str, torch.Tensor], float]:
        """What is harvested of the network, which is changed in place, and the share of it that learned."""
        plan = self._plan
        alone = self._model.next_items is not None
        configuration = plan.configuration if alone else plan.configuration.telling_items
        torch.manual_seed(plan.seed)
        an_epoch = sum(1 for _ in lessons(self._learned, configuration, np.random.default_rng(plan.seed)))
        grafted = graft(network, plan.method, plan.rank, plan.epochs * an_epoch)
        optimizer = torch.optim.AdamW(learning_parameters(network), lr=configuration.learning_rate, weight_decay=0.0)
        learner = Learner(network, copy.deepcopy(network), optimizer)
        optimizer.register_step_post_hook(lambda *_: grafted.after_step(learner.step))
        with TemporaryDirectory() as folder:
            learn(
                learner, from_lessons(self._learned, configuration, plan.seed), stage=stage, epochs=plan.epochs,
                validate=self._judged, patience=configuration.patience, checkpoint=Path(folder) / f"{stage}.pt",
                progress=progress, curves=curves,
            )  # fmt: skip
        return harvest(learner.average, plan.method), grafted.share

    def _judged(self, network: Network) -> float:
        answers = ask([network], self._tokens, self._stop.pairs, self._stop.tabular, CPU)
        return mean_hazard_loss(answers.hazards, self._stop.labels.interval)
