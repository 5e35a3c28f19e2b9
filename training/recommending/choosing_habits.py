"""Which habits a shop has: those with which its held-out orders are foretold best by one strategy alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scoring.again import again_of, in_fashion, rested
from scoring.bought import EVEN, context_of
from scoring.seen.actions import Floats, Integers
from scoring.seen.sequence import Tokens
from training.material.held_out import Held
from training.recommending.chance import beyond_chance
from training.recommending.habits import Habits
from training.recommending.pairing import Pairs
from training.recommending.popularity import Popularity, purchases_of, remembered
from training.recommending.regression import MOST_ITEMS
from training.recommending.rest import rest_of

DECAYS = (0.5, 0.8, 0.1)
BEFORE = (0.3, 1.0, 0.0)
"""At 0, and at the least decay, hardly more than what follows the last item: in sessions nothing else speaks."""
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
    usual = _coming_again(tokens, held, popularity, usual, rest)
    return _going_together(tokens, pairs, held, usual), popularity


def _going_together(tokens: Tokens, pairs: Pairs, held: Held, usual: Habits) -> Habits:
    """As they were counted, or as they foretell one another where that is better beyond chance."""
    items = len(pairs.seen)
    contexts = {decay: context_of(tokens, held.pairs, items, decay, ()) for decay in DECAYS}
    counted = dict[Habits, Floats]()
    for before, rarity in product(BEFORE, RARITIES):
        counted |= _asked(pairs, held, replace(usual, before=before, rarity=rarity), contexts)
    best = max(counted, key=lambda habits: float(counted[habits].mean()))
    if items > MOST_ITEMS:
        return best
    evenly = {EVEN: context_of(tokens, held.pairs, items, EVEN, ())}
    ((habits, found),) = _asked(pairs, held, replace(best, regressed=True), evenly).items()
    return habits if beyond_chance(found - counted[best]) else best


def _asked(
    pairs: Pairs, held: Held, habits: Habits, contexts: Mapping[float, sparse.csr_matrix]
) -> dict[Habits, Floats]:
    """How well the orders are foretold with each of the decays."""
    weights, found, starts = pairs.weighed(habits), dict[Habits, Floats](), range(0, len(held.pairs), BLOCK)
    for decay, context in contexts.items():
        said = (sparse.csr_matrix(context[start : start + BLOCK] @ weights) for start in starts)
        found[replace(habits, decay=decay)] = _foretold(said, held)
    return found


def _coming_again(tokens: Tokens, held: Held, popularity: Popularity, usual: Habits, rest: tuple[float, ...]) -> Habits:
    """With which power of what was popular what was bought before foretells the orders best.

    With its `rest` only where that is better beyond chance: it has many numbers, and some are always better.
    """
    bought = again_of(tokens, held.pairs, popularity.scores.shape[1])
    table = bought.scores
    moment = popularity.places(held.pairs.as_of).repeat(np.diff(table.indptr))
    popular, best = popularity.scores[moment, table.indices], list[tuple[Habits, Floats]]()
    for habits in (usual, replace(usual, rest=rest)):
        rising, found = rested(table.data, bought.step, habits.rest), dict[Habits, Floats]()
        for power in FASHIONS:
            said = (in_fashion(rising, popular, power), table.indices, table.indptr)
            found[replace(habits, fashion=power)] = _foretold([sparse.csr_matrix(said, shape=table.shape)], held)
        best.append(max(found.items(), key=lambda each: float(each[1].mean())))
    (plain, before), (rested_well, after) = best
    return rested_well if beyond_chance(after - before) else plain


def _foretold(said: Iterable[sparse.csr_matrix], held: Held) -> Floats:
    """[n] how well each order is, by what comes again in the shop; `said` [n, V + 2] of some after the others."""
    ranks: list[list[float]] = []
    for block in said:
        for begin, end in pairwise(block.indptr.tolist()):
            ranks.append(_ranks(block.indices[begin:end], block.data[begin:end], held, len(ranks)))
    found = np.array(ranks)
    good = np.where(found < CUT, 1 + 1 / np.log2(found + 2), 0.0)
    best: Floats = good[:, good.mean(axis=0).argmax()]
    return best


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
