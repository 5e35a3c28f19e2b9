"""How a shop's items are recommended: what its held-out orders teach."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scoring.answers import Calibration
from scoring.model import Blend, Model
from scoring.networks.network import Network
from training.course import Course
from training.material.ahead import ahead_of
from training.material.baskets import baskets_of
from training.material.held_out import Held
from training.material.preparation import Prepared
from training.material.validation import misplaced
from training.recommending.blending import START, choose_ahead, choose_blend, choose_newcomers
from training.recommending.choosing_habits import habits_of
from training.recommending.habits import Habits
from training.recommending.next_items import NextItems, learn_next_items
from training.recommending.pairing import Pairs, fit_together, pairs_of_items
from training.recommending.popularity import moments_of, popular_at, purchases_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """Of one shop."""

    habits: Habits
    blend: Blend
    ahead: Blend | None
    """None where too few orders tell that lists ahead of a visit are others."""
    newcomers: Blend | None
    """None where too few first orders tell."""
    next_items: NextItems | None
    """None where too few orders were held out to judge it by."""
    figures: dict[str, float]
    """Hit rates of the strategies, for the manifest."""


def taste_of(
    course: Course, prepared: Prepared, networks: tuple[Network, ...], orders: Held, left_out: npt.NDArray[np.bool_]
) -> Taste:
    """By the held-out `orders`, whose actions are `left_out` [A], and by baskets of newcomers.

    `networks` say what is next where no other does.
    """
    actions, baskets = course.tokens.actions, baskets_of(course.tokens, seed=course.seed)
    left_out = left_out | baskets.left_out
    pairs = pairs_of_items(actions, course.items, until=course.as_of, left_out=left_out)
    habits, popularity = habits_of(course.tokens, pairs, orders, left_out=left_out, seed=course.seed)
    together = fit_together(actions, pairs, until=course.as_of, left_out=left_out, habits=habits)
    next_items = _next_items(course, pairs, left_out, orders)
    model = Model(
        manifest={}, catalogue=course.catalogue, networks=networks, normaliser=prepared.normaliser,
        buying=prepared.buying, calibration=Calibration(), together=together,
        blend=replace(START, decay=habits.decay, fashion=habits.fashion, rest=habits.rest),
        next_items=None if next_items is None else next_items.network, item_vectors=course.item_vectors,
    )  # fmt: skip
    blend, figures = choose_blend(model, course.tokens, orders, popularity, course.device)
    before = ahead_of(course.tokens, orders, seed=course.seed)
    ahead, beside = choose_ahead(model, course.tokens, before, popularity, course.device)
    then = popular_at(
        purchases_of(actions, left_out), course.items, moments_of(baskets.held.pairs.as_of), habits.popular_days
    )
    newcomers, further = choose_newcomers(model, course.tokens, baskets, then, blend, course.device)
    return Taste(
        habits=habits, blend=blend, ahead=ahead, newcomers=newcomers, next_items=next_items,
        figures=figures | beside | further,
    )  # fmt: skip


def _next_items(course: Course, pairs: Pairs, left_out: npt.NDArray[np.bool_], orders: Held) -> NextItems | None:
    if not orders.telling:
        return None
    return learn_next_items(course, pairs, left_out, lambda network: misplaced(network, course.tokens, orders))
