"""The network at work: scores, reasons and recommendations for a batch of customers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from events.history import Histories
from rules.sentence import Language
from scoring.answers import Answers, Outlook, ask_each, longest_logit, outlook_of
from scoring.folders import folder
from scoring.folders.manifest import check_registered
from scoring.model import Manifest, Model
from scoring.networks.frames import Frames
from scoring.networks.network import HORIZONS
from scoring.networks.passing import Forward, Plainly
from scoring.predictors.further_orders import further_orders, median_orders
from scoring.predictors.horizons import purchase_within
from scoring.question import Question
from scoring.reasons.contrast import contrasts
from scoring.reasons.event_effects import event_effects
from scoring.reasons.explanation import explain
from scoring.reasons.references import Parts, parts_of
from scoring.reasons.wording import WORDINGS
from scoring.recommendation import Recommender, Request
from scoring.score import (
    ALL_THERE,
    Contrast,
    EventEffect,
    Explanation,
    ModelRejected,
    NoNumber,
    Recommendation,
    Score,
    Strategy,
    Unavailable,
)
from scoring.seen.actions import Floats, actions_of, pairs_of
from scoring.seen.blocks import PASSES
from scoring.seen.sequence import tokens_of

BEYOND = 2.0**53
"""What is not below it is no amount of money, and NaN is not below anything."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Of C customers, within some days."""

    purchase: Floats
    """[C] chance of an order."""
    orders: Floats
    """[C] expected, also over those who buy nothing."""
    median_orders: Floats
    """[C] half of customers like this one order at most so often."""
    spend: Floats
    """[C] expected likewise, minor units: it grows with the expected number of orders."""
    median_spend: Floats
    """[C] minor units: half of customers like this one spend at most so much."""


@dataclass(frozen=True)
class Scorer:
    """One loaded model. Safe to call from several threads: nothing changes after loading."""

    model: Model
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    bfloat16: bool = False
    """Whether scores are computed in bfloat16; what else is asked is computed in float32."""
    market: str = ""
    """Whose adapter the model has; empty for none."""

    @classmethod
    def load(
        cls, path: Path, device: str = "cpu", *, model_id: str | None = None,
        registered: Mapping[str, Any] = MappingProxyType({}),
    ) -> Self:  # fmt: skip
        """From a model folder; ModelRejected if it cannot be trusted, or is not what was `registered` under the id."""
        model = folder.read(path, device)
        check_registered(path, model.manifest, registered)
        if model_id not in (None, model.model_id):
            raise ModelRejected(f"{path} holds {model.model_id}, not {model_id}")
        return cls(model, torch.device(device))

    @property
    def model_id(self) -> str:
        """Of the loaded model."""
        return self.model.model_id

    @property
    def manifest(self) -> Manifest:
        """Of the loaded model, as in its folder."""
        return self.model.manifest

    @property
    def currency(self) -> str:
        """ISO 4217 code of all money in the answers."""
        return self.model.currency

    def score(self, histories: Histories, as_of: Floats) -> list[Score]:
        """Scores of C customers, each seen from its as-of time [C] (epoch seconds), by one forward pass.

        A customer without events before that time gets the answer of a customer of whom nothing is known. Raises
        NoNumber.
        """
        return self._all(histories, self.score_each(histories, as_of))

    @np.errstate(invalid="ignore", over="ignore")
    def score_each(self, histories: Histories, as_of: Floats) -> list[Score | None]:
        """The same, with None for each of whom the model says no number."""
        question = Question.of(self.model, histories, as_of)
        return self._scores(histories, as_of, question, self._outlook(question, as_of))

    @np.errstate(invalid="ignore", over="ignore")
    def score_within(self, days: float, histories: Histories, as_of: Floats) -> tuple[list[Score], Ahead]:
        """Scores, and what comes within 7 to 365 days, by the same pass. Raises NoNumber."""
        question = Question.of(self.model, histories, as_of)
        outlook = self._outlook(question, as_of)
        purchase = purchase_within(days, outlook.purchase, question.raw, self.model.buying)
        further = self._further(days, question)
        orders, usual = purchase * (1.0 + further), self._orders(outlook, question)
        longer = np.divide(orders, usual, out=np.zeros(len(orders)), where=usual > 0)
        ahead = outlook.within(purchase, longer)
        scores = self._all(histories, self._scores(histories, as_of, question, outlook))
        median = median_orders(purchase, further, question.raw, self.model.buying)
        return scores, Ahead(purchase, orders, median, ahead.spend, ahead.median_spend)

    @np.errstate(invalid="ignore", over="ignore")
    def explain(
        self, histories: Histories, as_of: Floats, *, language: Language = Language.ENGLISH
    ) -> list[Explanation]:
        """Scores with what made them, in words of a language, one customer after the other. Raises NoNumber."""
        question = Question.of(self.model, histories, as_of)
        answers = self._mixed(question, self._exactly)
        outlook = outlook_of(answers, self.model.calibration, as_of)
        scores = self._all(histories, self._scores(histories, as_of, question, outlook))
        logits = longest_logit(answers, self.model.calibration, as_of)
        return [
            explain(self.model, question.customer(place), score, float(logits[place]), self.device, WORDINGS[language])
            for place, score in enumerate(scores)
        ]

    def logits(self, histories: Histories, as_of: Floats) -> Floats:
        """[C] of `purchase_90`, exact also far from one half."""
        answers = self._mixed(Question.of(self.model, histories, as_of), self._exactly)
        return longest_logit(answers, self.model.calibration, as_of)

    def features(self, histories: Histories, as_of: Floats) -> npt.NDArray[np.float32]:
        """[C, S] as the model reads them."""
        return Question.of(self.model, histories, as_of).tabular

    def parts(self, histories: Histories, as_of: Floats) -> list[Parts]:
        """For judging explanations: each customer's parts, beside what other ways to ask say of them."""
        question = Question.of(self.model, histories, as_of)
        return [parts_of(self.model, question.customer(place), self.device) for place in range(len(histories))]

    def event_effects(
        self, history: Histories, as_of: float, *, language: Language = Language.ENGLISH
    ) -> list[EventEffect]:
        """What each of the latest events of one customer is worth to the score, the largest effect first."""
        return event_effects(
            self.model, history, as_of, lambda many: self.logits(many, np.full(len(many), as_of)), WORDINGS[language]
        )

    def contrasts(
        self, history: Histories, as_of: float, above: Callable[[Score], bool], *,
        language: Language = Language.ENGLISH,
    ) -> list[Contrast]:  # fmt: skip
        """The least changes with which one customer's score would be `above`; of the model, and no causes."""
        return contrasts(
            self.model, history, as_of, lambda many: self.score(many, np.full(len(many), as_of)), above,
            WORDINGS[language],
        )  # fmt: skip

    def recommend(
        self, histories: Histories, as_of: Floats, *, count: int, strategy: Strategy = Strategy.HYBRID,
        exclude: Sequence[frozenset[str]] = (), among: frozenset[str] | None = None, diversity: float = 0.0,
        context_items: Sequence[Sequence[str]] = (), unavailable: Unavailable = ALL_THERE,
    ) -> list[list[Recommendation]]:  # fmt: skip
        """Up to `count` items for each of C customers, best first.

        `exclude` and `context_items` (items of the running session, latest last) have one entry for each customer, or
        none at all; `among` are the items that may appear, None for all, and `unavailable` those that may not.
        ValueError for a count below 1 or a diversity outside 0 to 1.
        """
        request = Request(
            count=count, strategy=strategy, exclude=exclude, among=among, diversity=diversity,
            context_items=context_items, unavailable=unavailable,
        )  # fmt: skip
        actions = actions_of(histories, self.model.catalogue)
        pairs = pairs_of(actions, np.arange(len(histories)), as_of)
        return self._recommender.recommend(tokens_of(actions), pairs, request)

    def similar(self, item_id: str, count: int, unavailable: Unavailable = ALL_THERE) -> list[Recommendation]:
        """Items that resemble one item or are bought with it; UnknownItem if the model does not know it."""
        return self._recommender.similar(item_id, count, unavailable)

    @cached_property
    def _recommender(self) -> Recommender:
        return Recommender(self.model, self.device)

    @cached_property
    def _forward(self) -> Forward:
        """For scores alone; a GPU is asked in frames."""
        if self.device.type == "cuda":
            return Frames(self.model.networks, self.device, bfloat16=self.bfloat16)
        return Plainly(self.model.networks, self.device, bfloat16=True) if self.bfloat16 else self._exactly

    def prepare(self, *, lists: bool) -> None:
        """Do now what the first question of each size, and the first of `lists`, would wait for."""
        if lists:
            self._recommender.prepare()
        if isinstance(self._forward, Frames):
            self._forward.prepare()

    @cached_property
    def _exactly(self) -> Forward:
        return Plainly(self.model.networks, self.device)

    def _mixed(self, question: Question, forward: Forward) -> Answers:
        answers = ask_each(forward, question.tokens, question.pairs, question.tabular, PASSES[self.device.type])
        return self.model.mixture.mixed(answers, question.tabular)

    def _outlook(self, question: Question, as_of: Floats) -> Outlook:
        return outlook_of(self._mixed(question, self._forward), self.model.calibration, as_of)

    def _orders(self, outlook: Outlook, question: Question) -> Floats:
        """[C] expected within the longest horizon."""
        return outlook.purchase[:, -1] * (1.0 + self._further(HORIZONS[-1], question))

    def _further(self, days: float, question: Question) -> Floats:
        """[C] expected within so many days, after the first of them."""
        return further_orders(days, question.raw, question.tabular, self.model.buying, self.model.further)

    def _all(self, histories: Histories, scores: Sequence[Score | None]) -> list[Score]:
        said = [score for score in scores if score is not None]
        if len(said) < len(scores):
            unsaid = [str(who) for who, score in zip(histories.customer_ids, scores, strict=True) if score is None]
            raise NoNumber(self.model_id, unsaid)
        return said

    def _scores(self, histories: Histories, as_of: Floats, question: Question, outlook: Outlook) -> list[Score | None]:
        low, high = outlook.band
        orders = self._orders(outlook, question)
        told = np.column_stack((outlook.purchase, outlook.churn, outlook.spend, low, high, orders))
        return [
            Score(
                customer_id=str(customer_id),
                as_of=datetime.fromtimestamp(time, UTC),
                purchase_30=purchase[0],
                purchase_60=purchase[1],
                purchase_90=purchase[2],
                churn=churn,
                spend_minor=round(spend),
                spend_low_minor=math.floor(least),
                spend_high_minor=math.ceil(most),
                expected_orders=expected_orders,
                currency=self.currency,
                model_id=self.model_id,
                market=self.market,
            )
            if number
            else None
            for number, customer_id, time, purchase, churn, spend, least, most, expected_orders in zip(
                np.all(np.abs(told) < BEYOND, axis=1).tolist(), histories.customer_ids, as_of.tolist(),
                outlook.purchase.tolist(), outlook.churn.tolist(), outlook.spend.tolist(), low.tolist(), high.tolist(),
                orders.tolist(), strict=True,
            )
        ]  # fmt: skip
