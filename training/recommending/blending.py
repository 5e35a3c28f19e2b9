"""How the recommendation strategies are weighed against one another for a shop: by orders that were held out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from events.event import EventType
from scoring.bought import Returning
from scoring.model import Blend, Model
from scoring.ranking import HIDDEN, top
from scoring.recommendation import Recommender, Request
from scoring.score import Strategy
from scoring.seen.actions import Actions
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens
from training.material.held_out import Held
from training.recommending.popularity import Popularity

BLOCK = 256
CANDIDATES = 100
"""Best items of each strategy among which blends are compared."""
WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
PARTS = (Strategy.TOGETHER, Strategy.DEEP, Strategy.CONTENT, Strategy.POPULAR, Strategy.AGAIN)
CUT = 10
START = Blend(together=1.0, deep=0.5, content=0.1, popular=0.05, decay=0.5, repurchase=False, again=0.5)
"""For a shop with too few orders to choose by."""
SOME = 0.1
"""Share of purchases of what the customer bought before from which on such a shop's customers buy things again."""
NOTHING = -1.0
"""Score of a place where no candidate stands."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Up to K items of n customers with their scores by each strategy, largest 1."""

    scores: npt.NDArray[np.float32]
    """[strategies, n, K]"""
    wanted: npt.NDArray[np.bool_]
    """[n, K]"""


def choose_blend(
    model: Model, tokens: Tokens, held: Held, popularity: Popularity, device: torch.device
) -> tuple[Blend, dict[str, float]]:
    """The best weights found by coordinate search, and what each strategy reached alone: hit rate and NDCG at 10.

    Popular is what was when the orders came.
    """
    if not held.telling:
        return replace(model.blend, repurchase=bought_again(tokens.actions) >= SOME), {}
    tried: list[tuple[float, Blend, dict[str, float]]] = []
    for returning, candidates in _candidates(model, tokens, held, popularity, device).items():
        alone = np.eye(len(PARTS), dtype=np.float32)
        figures = {
            f"{part}_hit_rate_10": quality(candidates, weights)[0] for part, weights in zip(PARTS, alone, strict=True)
        }
        found, weights = _search(candidates)
        figures |= {"hybrid_hit_rate_10": found[0], "hybrid_ndcg_10": found[1]}
        chosen = {part.value: float(weight) for part, weight in zip(PARTS, weights, strict=True)}
        repurchase = returning is not Returning.NOTHING
        chosen[Strategy.AGAIN] *= repurchase
        blend = replace(model.blend, repurchase=repurchase, at_once=returning is Returning.ALL, **chosen)
        tried.append((sum(found), blend, figures))
    _, blend, figures = max(tried, key=lambda choice: choice[0])
    return blend, figures


def bought_again(actions: Actions) -> float:
    """Share of the purchases of known items that are of what the same customer bought before; 0 without any."""
    action = np.repeat(np.arange(len(actions.time)), np.diff(actions.rows))
    known = (actions.kind[action] == EventType.PURCHASE) & (actions.items > UNKNOWN)
    action, items = action[known], actions.items[known]
    owner = np.searchsorted(actions.offsets, action, side="right") - 1
    bought, first = (np.unique(np.stack((who, items)), axis=1).shape[1] for who in (action, owner))
    return 1 - first / bought if bought else 0.0


def _candidates(
    model: Model, tokens: Tokens, held: Held, popularity: Popularity, device: torch.device
) -> dict[Returning, Candidates]:
    """By what may come again; an order that is whole leaves no choice for what stands in it."""
    recommender, request = Recommender(model, device), Request(count=1)
    choices = Returning if any(map(len, held.begun)) else (Returning.NOTHING, Returning.ALL)
    shape = (len(held.pairs), CANDIDATES * len(PARTS))
    tables = {
        returning: Candidates(np.full((len(PARTS), *shape), NOTHING, dtype=np.float32), np.zeros(shape, dtype=np.bool_))
        for returning in choices
    }
    for start in range(0, len(held.pairs), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(held.pairs)))
        popular = popularity.places(held.pairs.as_of[rows])
        everybody = recommender.ranked(tokens, held.pairs.some(rows), request)
        for row, moment, ranked in zip(rows.tolist(), popular.tolist(), everybody, strict=True):
            parts = {**ranked.parts, Strategy.POPULAR: popularity.scores[moment]}
            mine = np.stack([parts[part] for part in PARTS]).astype(np.float32)
            mine /= np.maximum(mine.max(axis=1, keepdims=True), 1e-12)
            mine[:, : UNKNOWN + 1] = HIDDEN
            best = [top(line, CANDIDATES + len(held.bought[row])) for line in mine]
            for returning, table in tables.items():
                hidden = returning.hidden(held.bought[row], held.begun[row])
                items = np.unique(np.concatenate([some[~np.isin(some, hidden)][:CANDIDATES] for some in best]))
                table.scores[:, row, : len(items)] = mine[:, items]
                table.wanted[row, : len(items)] = np.isin(items, held.wanted[row])
    return tables


def _search(candidates: Candidates) -> tuple[tuple[float, float], npt.NDArray[np.float32]]:
    weights = np.array([getattr(START, part.value) for part in PARTS], dtype=np.float32)
    best = quality(candidates, weights)
    for place in (4, 1, 2, 3, 0) * 2:
        for weight in WEIGHTS:
            attempt = weights.copy()
            attempt[place] = weight
            found = quality(candidates, attempt)
            if sum(found) > sum(best):
                best, weights = found, attempt
    return best, weights


def quality(candidates: Candidates, weights: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Hit rate and NDCG at 10 of the best-placed wanted item, under a blend [strategies]."""
    total = np.tensordot(weights, candidates.scores, axes=1)
    best = np.where(candidates.wanted, total, NOTHING).max(axis=1)
    ties = (total == best[:, None]).sum(axis=1) - 1
    rank = np.where(best > 0, (total > best[:, None]).sum(axis=1) + ties / 2, np.inf)
    return float((rank < CUT).mean()), float(np.where(rank < CUT, 1 / np.log2(rank + 2), 0.0).mean())
