"""Which habits a shop has: those with which its held-out orders are foretold best by one strategy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scoring.again import again_of, in_fashion, rested
from scoring.bought import context_of
from scoring.seen.actions import Floats, Integers
from scoring.seen.sequence import Tokens
from training.material.held_out import Held
from training.recommending.habits import Habits
from training.recommending.pairing import Pairs
from training.recommending.popularity import Popularity, purchases_of, remembered
from training.recommending.rest import rest_of

DECAYS = (0.5, 0.8)
BEFORE = (0.3, 1.0)
RARITIES = (0.0, 0.25)
FASHIONS = (0.25, 0.1, 0.5, 0.0)
"""The first is kept where the others are no better, as where nothing is bought twice."""
BLOCK = 256
CUT = 10


def habits_of(
    tokens: Tokens, pairs: Pairs, held: Held, *, left_out: npt.NDArray[np.bool_], seed: int
) -> tuple[Habits, Popularity]:
    """Those of a shop, and what was popular when the held-out orders came.

    These are `left_out` [A], and what is bought together in `pairs` knows nothing of them.
    """
    items = len(pairs.seen)
    days, popularity = remembered(purchases_of(tokens.actions, left_out), items, held)
    usual = Habits(popular_days=days)
    if not held.telling:
        return usual, popularity
    rest = rest_of(tokens, left_out, items, seed=seed)
    usual = _coming_again(tokens, held, popularity, [replace(usual, rest=some) for some in ((), rest)])
    found: dict[Habits, float] = {}
    tables = {
        (before, rarity): pairs.weighed(replace(usual, before=before, rarity=rarity))
        for before, rarity in product(BEFORE, RARITIES)
    }
    starts = range(0, len(held.pairs), BLOCK)
    for decay in DECAYS:
        context = context_of(tokens, held.pairs, items, decay, ())
        for (before, rarity), weights in tables.items():
            habits = replace(usual, decay=decay, before=before, rarity=rarity)
            said = (sparse.csr_matrix(context[start : start + BLOCK] @ weights) for start in starts)
            found[habits] = _foretold(said, held)
    return max(found, key=lambda habits: found[habits]), popularity


def _coming_again(tokens: Tokens, held: Held, popularity: Popularity, usual: Sequence[Habits]) -> Habits:
    """With which of these, and which power of what was popular, what was bought before foretells the orders best."""
    bought = again_of(tokens, held.pairs, popularity.scores.shape[1])
    table = bought.scores
    moment = popularity.places(held.pairs.as_of).repeat(np.diff(table.indptr))
    popular, found = popularity.scores[moment, table.indices], dict[Habits, float]()
    for habits, power in product(usual, FASHIONS):
        said = in_fashion(rested(table.data, bought.step, habits.rest), popular, power)
        lines = sparse.csr_matrix((said, table.indices, table.indptr), shape=table.shape)
        found[replace(habits, fashion=power)] = _foretold([lines], held)
    return max(found, key=lambda habits: found[habits])


def _foretold(said: Iterable[sparse.csr_matrix], held: Held) -> float:
    """How well the orders are, by what comes again in the shop; `said` [n, V + 2] of some orders after the others."""
    ranks: list[list[float]] = []
    for block in said:
        for begin, end in pairwise(block.indptr.tolist()):
            ranks.append(_ranks(block.indices[begin:end], block.data[begin:end], held, len(ranks)))
    found = np.array(ranks)
    good = np.where(found < CUT, 1 + 1 / np.log2(found + 2), 0.0)
    return float(good.mean(axis=0).max())


def _ranks(items: Integers, scores: Floats, held: Held, row: int) -> list[float]:
    """Of the best-placed wanted item, by what may come again: all, not in the same order, nothing.

    Of all others of the catalogue nothing is said.
    """
    wanted = np.isin(items, held.wanted[row])
    hidden = (np.isin(items, some) for some in (held.begun[row], held.bought[row]))
    return [_rank(scores, scores[wanted])] + [_rank(scores[~some], scores[wanted & ~some]) for some in hidden]


def _rank(scores: Floats, wanted: Floats) -> float:
    best = wanted.max(initial=0.0)
    return float((scores > best).sum() + ((scores == best).sum() - 1) / 2) if best > 0 else np.inf
