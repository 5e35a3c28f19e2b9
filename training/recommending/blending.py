"""How the recommendation strategies are weighed against one another for a shop: by orders that were held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from events.event import EventType
from scoring.bought import Returning
from scoring.model import Blend, Model
from scoring.ranking import HIDDEN, top
from scoring.recommendation import Recommender, Request
from scoring.score import Strategy
from scoring.seen.actions import Actions, Floats, Integers
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens
from training.material.baskets import Baskets
from training.material.held_out import Held
from training.recommending.chance import beyond_chance
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

Weights = npt.NDArray[np.float32]
"""[strategies]"""


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
    return _chosen(model.blend, _candidates(model, tokens, held, popularity, device))


def choose_ahead(
    model: Model, tokens: Tokens, held: Held, popularity: Popularity, device: torch.device
) -> tuple[Blend | None, dict[str, float]]:
    """The same for customers who are not there, by orders that are asked as their visits began; None where few tell."""
    if not held.telling:
        return None, {}
    blend, figures = _chosen(model.blend, _candidates(model, tokens, held, popularity, device))
    return blend, {f"ahead_{figure}": figures[f"hybrid_{figure}"] for figure in ("hit_rate_10", "ndcg_10")}


def _chosen(usual: Blend, tables: Mapping[Returning, Candidates]) -> tuple[Blend, dict[str, float]]:
    tried: list[tuple[float, Blend, dict[str, float]]] = []
    for returning, candidates in tables.items():
        alone = np.eye(len(PARTS), dtype=np.float32)
        figures = {
            f"{part}_hit_rate_10": quality(candidates, weights)[0] for part, weights in zip(PARTS, alone, strict=True)
        }
        found, weights = _search(candidates, _weights(START))
        figures |= {"hybrid_hit_rate_10": found[0], "hybrid_ndcg_10": found[1]}
        chosen = _named(weights)
        repurchase = returning is not Returning.NOTHING
        chosen[Strategy.AGAIN] *= repurchase
        blend = replace(usual, repurchase=repurchase, at_once=returning is Returning.ALL, **chosen)
        tried.append((sum(found), blend, figures))
    _, blend, figures = max(tried, key=lambda choice: choice[0])
    return blend, figures


def choose_newcomers(
    model: Model, tokens: Tokens, baskets: Baskets, popularity: Popularity, usual: Blend, device: torch.device
) -> tuple[Blend | None, dict[str, float]]:
    """Weights for who has bought nothing yet, and what they reach on baskets; None where too few tell.

    Those of START or the `usual` ones, unless others are better beyond chance: of many, always some are on a few
    baskets. Decay is from item to item here, which orders say nothing of.
    """
    if not baskets.held.telling:
        return None, {}
    asked = replace(model, blend=START)
    candidates = _candidates(asked, tokens, baskets.held, popularity, device, baskets.held.bought)[Returning.NOTHING]
    before = max((_weights(usual), _weights(START)), key=lambda weights: sum(quality(candidates, weights)))
    weights = _search(candidates, before)[1]
    if not beyond_chance((gains(candidates, weights) - gains(candidates, before)).sum(axis=0)):
        weights = before
    figures = dict(zip(("newcomers_hit_rate_10", "newcomers_ndcg_10"), quality(candidates, weights), strict=True))
    named = _named(weights)
    return Blend(**named, decay=START.decay, repurchase=usual.repurchase, at_once=usual.at_once), figures


def bought_again(actions: Actions) -> float:
    """Share of the purchases of known items that are of what the same customer bought before; 0 without any."""
    action = np.repeat(np.arange(len(actions.time)), np.diff(actions.rows))
    known = (actions.kind[action] == EventType.PURCHASE) & (actions.items > UNKNOWN)
    action, items = action[known], actions.items[known]
    owner = np.searchsorted(actions.offsets, action, side="right") - 1
    bought, first = (np.unique(np.stack((who, items)), axis=1).shape[1] for who in (action, owner))
    return 1 - first / bought if bought else 0.0


def _candidates(
    model: Model,
    tokens: Tokens,
    held: Held,
    popularity: Popularity,
    device: torch.device,
    session: Sequence[Integers] = (),
) -> dict[Returning, Candidates]:
    """By what may come again; an order that is whole leaves no choice for what stands in it."""
    recommender, item_ids = Recommender(model, device), model.catalogue.item_ids
    context = [[item_ids[number - UNKNOWN - 1] for number in items.tolist()] for items in session]
    choices = Returning if any(map(len, held.begun)) else (Returning.NOTHING, Returning.ALL)
    shape = (len(held.pairs), CANDIDATES * len(PARTS))
    tables = {
        returning: Candidates(np.full((len(PARTS), *shape), NOTHING, dtype=np.float32), np.zeros(shape, dtype=np.bool_))
        for returning in choices
    }
    for start in range(0, len(held.pairs), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(held.pairs)))
        popular = [popularity.scores[moment] for moment in popularity.places(held.pairs.as_of[rows]).tolist()]
        request = Request(count=1, context_items=context[start : start + BLOCK], popular=popular)
        everybody = recommender.ranked(tokens, held.pairs.some(rows), request)
        for row, ranked in zip(rows.tolist(), everybody, strict=True):
            mine = np.stack([ranked.parts[part] for part in PARTS]).astype(np.float32)
            mine /= np.maximum(mine.max(axis=1, keepdims=True), 1e-12)
            mine[:, : UNKNOWN + 1] = HIDDEN
            best = [top(line, CANDIDATES + len(held.bought[row])) for line in mine]
            for returning, table in tables.items():
                hidden = returning.hidden(held.bought[row], held.begun[row])
                items = np.unique(np.concatenate([some[~np.isin(some, hidden)][:CANDIDATES] for some in best]))
                table.scores[:, row, : len(items)] = mine[:, items]
                table.wanted[row, : len(items)] = np.isin(items, held.wanted[row])
    return tables


def _weights(blend: Blend) -> Weights:
    return np.array([getattr(blend, part.value) for part in PARTS], dtype=np.float32)


def _named(weights: Weights) -> dict[str, Any]:
    return {part.value: float(weight) for part, weight in zip(PARTS, weights, strict=True)}


def _search(candidates: Candidates, weights: Weights) -> tuple[tuple[float, float], Weights]:
    best = quality(candidates, weights)
    for place in (4, 1, 2, 3, 0) * 2:
        for weight in WEIGHTS:
            attempt = weights.copy()
            attempt[place] = weight
            found = quality(candidates, attempt)
            if sum(found) > sum(best):
                best, weights = found, attempt
    return best, weights


def quality(candidates: Candidates, weights: Weights) -> tuple[float, float]:
    """Hit rate and NDCG at 10 of the best-placed wanted item, under a blend [strategies]."""
    hits, placed = gains(candidates, weights).mean(axis=1).tolist()
    return hits, placed


def gains(candidates: Candidates, weights: Weights) -> Floats:
    """[2, n] the same of each customer."""
    total = np.tensordot(weights, candidates.scores, axes=1)
    best = np.where(candidates.wanted, total, NOTHING).max(axis=1)
    ties = (total == best[:, None]).sum(axis=1) - 1
    rank = np.where(best > 0, (total > best[:, None]).sum(axis=1) + ties / 2, np.inf)
    return np.stack((rank < CUT, np.where(rank < CUT, 1 / np.log2(rank + 2), 0.0)))
