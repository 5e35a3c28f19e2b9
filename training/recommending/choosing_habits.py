"""Which habits a shop has: those with which its held-out orders are foretold best by one strategy alone."""

from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scoring.bought import context_of
from scoring.seen.actions import Floats
from scoring.seen.sequence import Tokens
from training.material.held_out import Held
from training.recommending.habits import Habits
from training.recommending.pairing import Pairs
from training.recommending.popularity import Popularity, purchases_of, remembered

DECAYS = (0.5, 0.8)
BEFORE = (0.3, 1.0)
RARITIES = (0.0, 0.25)
MOST_SCORES = 400_000_000
"""Of customers by items, under each habits: of a large catalogue fewer customers tell."""
BLOCK = 256
CUT = 10


def habits_of(
    tokens: Tokens, pairs: Pairs, held: Held, *, left_out: npt.NDArray[np.bool_]
) -> tuple[Habits, Popularity]:
    """Those of a shop, and what was popular when the held-out orders came.

    These are `left_out` [A], and what is bought together in `pairs` knows nothing of them.
    """
    items = len(pairs.seen)
    days, popularity = remembered(purchases_of(tokens.actions, left_out), items, held)
    usual = Habits(popular_days=days)
    if not held.telling:
        return usual, popularity
    held = held.some(MOST_SCORES // items)
    found: dict[Habits, float] = {}
    tables = {
        (before, rarity): pairs.weighed(replace(usual, before=before, rarity=rarity))
        for before, rarity in product(BEFORE, RARITIES)
    }
    for decay in DECAYS:
        context = context_of(tokens, held.pairs, items, decay, ())
        for (before, rarity), weights in tables.items():
            habits = replace(usual, decay=decay, before=before, rarity=rarity)
            found[habits] = _foretold(context, weights, held)
    return max(found, key=lambda habits: found[habits]), popularity


def _foretold(context: sparse.csr_matrix, weights: sparse.csr_matrix, held: Held) -> float:
    """How well the orders are, by what comes again in the shop."""
    ranks: list[list[float]] = []
    for start in range(0, len(held.pairs), BLOCK):
        scores = (context[start : start + BLOCK] @ weights).toarray()
        ranks += [_ranks(mine, held, start + place) for place, mine in enumerate(scores)]
    found = np.array(ranks)
    good = np.where(found < CUT, 1 + 1 / np.log2(found + 2), 0.0)
    return float(good.mean(axis=0).max())


def _ranks(scores: Floats, held: Held, row: int) -> list[float]:
    """Of the best-placed wanted item, by what may come again: all, not in the same order, nothing."""
    wanted = held.wanted[row]
    return [_rank(scores, scores[wanted])] + [
        _rank(np.delete(scores, hidden), scores[np.setdiff1d(wanted, hidden, assume_unique=True)])
        for hidden in (held.begun[row], held.bought[row])
    ]


def _rank(scores: Floats, wanted: Floats) -> float:
    best = wanted.max(initial=0.0)
    return float((scores > best).sum() + ((scores == best).sum() - 1) / 2) if best > 0 else np.inf
