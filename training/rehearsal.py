"""The first fit, that stands one window before the end: how long to train, how to blend, how good the model will be.

Split in time: its labels close before the window it is judged on. Split by customer: a share of them it never sees. A
history too short for that is split by customer alone.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.actions import Floats, Pairs
from scoring.answers import Answers, Calibration, ask, outlook_of
from scoring.model import Blend
from scoring.network import Network
from scoring.view import DAY
from training.blending import START, Held, choose_blend, held_out
from training.boosting import Grown, rehearse_trees
from training.calibration import spend_factor
from training.course import Course, HistoryTooShort, describe, learn_members, model_of
from training.labels import LONGEST, cutoffs_of, questions
from training.learning import Validate
from training.metrics import all_metrics, auc
from training.pairing import fit_together
from training.preparation import at_most, last_orders, prepare
from training.validation import Forward, forward_of, item_loss

FEWEST_CUTOFFS = 3
"""Before the validation window; a shorter history is validated on other customers instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What the first fit taught."""

    epochs: int
    blend: Blend
    tree_rounds: int
    tree_share: float
    """0 where there are none, or they lose."""
    spend_factor: float
    split: dict[str, Any]
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What the first fit may see, and what it is judged on."""

    cutoffs: Floats
    boundary: float
    """Nothing from here on is an input or a label of the fit."""
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
    """One window kept back if the history allows it; HistoryTooShort if no window is closed at all."""
    held = np.random.default_rng(course.seed).random(course.customers) < course.configuration.held_out_share
    boundary = course.as_of - LONGEST
    cutoffs = cutoffs_of(course.begin, boundary, course.configuration)
    if len(cutoffs) >= FEWEST_CUTOFFS:
        return Split(cutoffs=cutoffs, boundary=boundary, by_time=True, held=held)
    cutoffs = closed_cutoffs(course)
    return Split(cutoffs=cutoffs, boundary=course.as_of, by_time=False, held=held)


def closed_cutoffs(course: Course) -> Floats:
    """All cut-offs with closed windows; HistoryTooShort if there is none."""
    cutoffs = cutoffs_of(course.begin, course.as_of, course.configuration)
    if len(cutoffs) == 0:
        days = (course.as_of - course.begin) / DAY
        raise HistoryTooShort(
            f"the events span {days:.0f} days before the as-of time; training needs at least 98: a window of 90 days "
            "and a week before it. Give a longer history or a later as-of time"
        )
    return cutoffs


def rehearse(course: Course) -> Rehearsal:
    """Fit, stop early, choose the blend, measure."""
    actions, split = course.tokens.actions, split_of(course)
    last = last_orders(actions)
    prepared = prepare(
        course.tokens, course.labelled(np.flatnonzero(~split.held)), split.cutoffs,
        until=split.boundary, held_out_orders=last,
        memory_days=course.configuration.memory_days, seed=course.seed,
    )  # fmt: skip
    forward = forward_of(course.tokens, asked_after(course, split), prepared, split.held)
    orders = held_out(course.tokens, last, seed=course.seed)
    learned = learn_members(
        course, prepared, "rehearsal", course.configuration.max_epochs, _judge(course, forward, orders)
    )
    together = fit_together(actions, course.items, until=split.boundary, left_out=last)
    model = model_of(course, prepared, learned.networks, together, blend=START, calibration=Calibration(), manifest={})
    blend, found = choose_blend(model, course.tokens, orders, course.device)
    alone = ask(learned.networks, forward.tokens, forward.pairs, forward.tabular, course.device)
    grown = rehearse_trees(
        prepared.examples, forward.tabular, alone, forward.labels.interval,
        most=course.configuration.tree_rounds, seed=course.seed,
    )  # fmt: skip
    answers = alone if grown is None else grown.trees.mixed(alone, forward.tabular)
    return Rehearsal(
        epochs=round(float(np.mean(learned.epochs))),
        blend=blend,
        tree_rounds=0 if grown is None else grown.rounds,
        tree_share=0.0 if grown is None else grown.trees.share,
        spend_factor=spend_factor(answers, forward.labels, forward.pairs.as_of),
        split=split.to_json(),
        metrics=_metrics(answers, forward) | _members(alone, grown, forward) | found,
    )


def asked_after(course: Course, split: Split) -> Pairs:
    """The window after the boundary for everybody; without one, the held-out customers' windows."""
    actions = course.tokens.actions
    asked = (
        questions(actions, np.array([split.boundary]))
        if split.by_time
        else questions(actions, split.cutoffs, np.flatnonzero(split.held))
    )
    return at_most(asked, course.configuration.validation_questions, course.seed)


def _judge(course: Course, forward: Forward, orders: Held) -> Validate:
    """By purchase windows where they tell enough, otherwise by the next item."""
    if forward.telling or len(orders.pairs) == 0:
        return forward.value_loss

    def judge(network: Network) -> float:
        return item_loss(network, course.tokens, orders)

    return judge


def _members(alone: Answers, grown: Grown | None, forward: Forward) -> dict[str, float]:
    """How each member ranks buyers by itself, and what part of the answer is the trees'."""
    if grown is None:
        return {}
    trees = replace(grown.trees, share=1.0).mixed(alone, forward.tabular)
    purchase = [outlook_of(each, Calibration(), forward.pairs.as_of).purchase[:, -1] for each in (alone, trees)]
    network, boosted = (auc(forward.labels.bought, each) for each in purchase)
    figures = {"auc_networks": network, "auc_trees": boosted, "tree_share": grown.trees.share}
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _metrics(answers: Answers, forward: Forward) -> dict[str, float]:
    outlook, labels = outlook_of(answers, Calibration(), forward.pairs.as_of), forward.labels
    figures = all_metrics(labels.bought, labels.spend, outlook.purchase[:, -1], outlook.spend)
    figures["auc_new_customers"] = auc(labels.bought[forward.new], outlook.purchase[forward.new, -1])
    return {name: value for name, value in figures.items() if np.isfinite(value)}
