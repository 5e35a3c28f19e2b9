"""The first fit, that stands one window before the end: how long to train, what to mix, how good the model will be.

Split in time: its labels close before the window it is judged on. Split by customer: a share of them it never sees. A
history too short for that is split by customer alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.answers import Answers, Calibration, ask, outlook_of
from scoring.mixture import Predictor
from scoring.networks.network import Network
from scoring.seen.actions import Floats, Pairs
from scoring.seen.view import DAY
from training.configuration import Configuration
from training.course import Course, HistoryTooShort, Learned, check_bought, describe, learn_members
from training.learning import Validate
from training.material.held_out import Held, held_out
from training.material.labels import LONGEST, SHORTEST, cutoffs_of, questions
from training.material.preparation import Prepared, at_most, last_orders, prepare
from training.material.validation import Forward, forward_of, item_loss
from training.metrics import all_metrics, auc
from training.predictors.boosting import rehearse_trees
from training.predictors.shares import Said, Stacking, figures_of, mixture_of, shares_of, stack
from training.predictors.speakers import speakers_of
from training.purpose import Purpose
from training.recommending.taste import Taste, taste_of

FEWEST_CUTOFFS = 3
"""Before the validation windows; a shorter history is validated on fewer, or on other customers instead."""
FEWEST_TOLD = 50
"""Customers, below which windows that are over in part tell less than what is believed."""
ROLLING = 3
"""Windows that the first fit is judged on, at most."""
BETWEEN = 21 * DAY
"""From the beginning of one to that of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What the first fit taught."""

    epochs: int
    configuration: Configuration
    """The course's, as its networks learned."""
    taste: Taste | None
    """None where nobody asks for recommendations."""
    tree_rounds: int
    """0 where there are none."""
    stacking: Stacking
    split: dict[str, Any]
    metrics: dict[str, float]
    predictors: dict[str, dict[str, float]]
    """How each does alone, and what share it gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the predictors said of windows that no fit has seen, and the mixture that follows from it."""

    tree_rounds: int
    said: Said
    stacking: Stacking
    answers: Answers
    """The mixture's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What the first fit may see, and what it is judged on."""

    cutoffs: Floats
    boundary: float
    """Nothing from here on is an input or a label of the fit."""
    asked: Floats
    """As-of times, from the boundary on, at which the fit is judged; empty where other customers judge it."""
    by_time: bool
    held: npt.NDArray[np.bool_]
    """[C] customers that the fit does not see."""

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        first, last, boundary = describe(np.array([self.cutoffs[0], self.cutoffs[-1], self.boundary]))
        return {
            "by_time": self.by_time,
            "cutoffs": len(self.cutoffs),
            "first_cutoff": first,
            "last_cutoff": last,
            "boundary": boundary,
            "customers": int((~self.held).sum()),
            "held_out_customers": int(self.held.sum()),
        }


def split_of(course: Course) -> Split:
    """Windows kept back, as many as the history allows; HistoryTooShort if it is empty, or without a purchase."""
    held = np.random.default_rng(course.seed).random(course.customers) < course.configuration.held_out_share
    check_bought(course.tokens.actions)
    for windows in range(ROLLING, 0, -1):
        asked = np.asarray(course.as_of - LONGEST - np.arange(windows)[::-1] * BETWEEN, dtype=np.float64)
        cutoffs = cutoffs_of(course.begin, asked[0], course.remembering)
        if len(cutoffs) >= FEWEST_CUTOFFS:
            return Split(cutoffs=cutoffs, boundary=float(asked[0]), asked=asked, by_time=True, held=held)
    cutoffs = cutoffs_to_ask(course)
    return Split(cutoffs=cutoffs, boundary=course.as_of, asked=np.zeros(0), by_time=False, held=held)


def cutoffs_to_ask(course: Course) -> Floats:
    """All cut-offs with closed windows, or else with windows of which a part is over.

    Where there is none either the as-of time, of which there is a belief and no label.
    """
    closed, begun = (
        cutoffs_of(course.begin, course.as_of, course.remembering, window=window) for window in (LONGEST, SHORTEST)
    )
    if len(closed):
        return closed
    actions = course.tokens.actions
    first = actions.time[actions.offsets[:-1]]
    return begun if len(begun) and (first < begun[-1]).sum() >= FEWEST_TOLD else np.array([course.as_of])


def rehearse(course: Course) -> Rehearsal:
    """Fit, stop early, measure. HistoryTooShort where there is nobody to fit on."""
    actions = course.tokens.actions
    check_bought(actions)
    last = last_orders(actions)
    orders = held_out(course.tokens, last, seed=course.seed)
    learning = _course_of_orders(course, orders)
    split = split_of(learning)
    fitted = course.labelled(np.flatnonzero(~split.held))
    if not (actions.time[actions.offsets[fitted]] < split.cutoffs[-1]).any():
        raise HistoryTooShort(
            f"{course.customers} customers are too few to learn from: but for those kept back to judge the model, "
            "nobody was seen before a window of 90 days that is closed. Give more customers or a longer history"
        )
    prepared = prepare(
        course.tokens, fitted, split.cutoffs,
        begin=course.begin, until=split.boundary, held_out_orders=last,
        configuration=learning.remembering, seed=course.seed,
    )  # fmt: skip
    forward = forward_of(course.tokens, asked_after(course, split), prepared, split.held)
    learning = replace(learning, configuration=_configuration(learning, forward, orders))
    learned = learn_members(
        learning, prepared, "rehearsal", learning.configuration.max_epochs, _judge(course, forward, orders)
    )
    taste = None if course.purpose is Purpose.ORDERS else taste_of(course, prepared, learned.networks, orders, last)
    heard = _heard(learning, prepared, learned, forward)
    told, figures = prepared.closed, {} if taste is None else taste.figures
    predictors = figures_of(heard.said, heard.stacking, forward) if told else shares_of(heard.stacking)
    return Rehearsal(
        epochs=round(float(np.mean(learned.epochs))),
        configuration=learning.configuration,
        taste=taste,
        tree_rounds=heard.tree_rounds,
        stacking=heard.stacking,
        split=split.to_json(),
        metrics=(_metrics(heard.answers, forward) if told else {}) | _beside(predictors) | figures,
        predictors=predictors,
    )


def _heard(course: Course, prepared: Prepared, learned: Learned, forward: Forward) -> Heard:
    grown = rehearse_trees(
        prepared.examples, forward.tabular, forward.labels.interval,
        most=course.configuration.tree_rounds, seed=course.seed,
    )  # fmt: skip
    trees = None if grown is None else grown.trees
    speakers = speakers_of(prepared, learned.start, trees, course.configuration, course.seed)
    alone = ask(learned.networks, forward.tokens, forward.pairs, forward.tabular, course.device)
    said = {Predictor.NETWORKS: (alone.hazards, alone.log_mean)}
    said |= {
        name: (speaker.hazards(forward.tabular), speaker.log_spend(forward.tabular))
        for name, speaker in speakers.items()
    }
    stacking = stack(said, forward)
    return Heard(
        tree_rounds=0 if grown is None else grown.rounds, said=said, stacking=stacking,
        answers=mixture_of(speakers, stacking).mixed(alone, forward.tabular),
    )  # fmt: skip


def asked_after(course: Course, split: Split) -> Pairs:
    """The windows after the boundary for everybody; without one, the held-out customers' closed ones, if there are."""
    actions = course.tokens.actions
    closed = split.cutoffs[split.cutoffs <= course.as_of - LONGEST]
    asked = questions(actions, split.asked) if split.by_time else questions(actions, closed, np.flatnonzero(split.held))
    return at_most(asked, course.configuration.validation_questions, course.seed)


def _course_of_orders(course: Course, orders: Held) -> Course:
    """Of the networks that foretell orders: as little as can be, where nobody asks them anything."""
    if course.purpose is not Purpose.ITEMS or not orders.telling:
        return course
    least = replace(course.configuration, cutoffs=FEWEST_CUTOFFS, max_epochs=0, tree_rounds=0)
    return replace(course, configuration=least)


def _configuration(course: Course, forward: Forward, orders: Held) -> Configuration:
    """Networks learn what is bought next where no other one does, or where it says when they have learned enough."""
    alone = forward.telling and orders.telling
    return course.configuration if alone else course.configuration.telling_items


def _judge(course: Course, forward: Forward, orders: Held) -> Validate:
    """By purchase windows where they tell enough, otherwise by the next item."""
    if forward.telling or len(orders.pairs) == 0:
        return forward.value_loss

    def judge(network: Network) -> float:
        return item_loss(network, course.tokens, orders)

    return judge


def _beside(predictors: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """What stands among the metrics of each predictor, for pages that show models side by side."""
    figures = {f"auc_{name}": found["auc"] for name, found in predictors.items() if "auc" in found}
    trees = predictors.get(Predictor.TREES)
    return figures if trees is None else figures | {"tree_share": trees["purchase_share"]}


def _metrics(answers: Answers, forward: Forward) -> dict[str, float]:
    """Those that are defined: none in a shop so small and young that nobody is left to ask about."""
    if len(forward.pairs) == 0:
        return {}
    outlook, labels = outlook_of(answers, Calibration(), forward.pairs.as_of), forward.labels
    figures = all_metrics(labels.bought, labels.spend, outlook.purchase[:, -1], outlook.spend, outlook.median_spend)
    figures["auc_new_customers"] = auc(labels.bought[forward.new], outlook.purchase[forward.new, -1])
    return {name: value for name, value in figures.items() if np.isfinite(value)}
