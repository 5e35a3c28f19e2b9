"""How the recommendation strategies are weighed against one another for a shop: by orders that were held out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from scoring.actions import Integers, Pairs
from scoring.catalogue import UNKNOWN
from scoring.model import Blend, Model
from scoring.recommendation import Recommender, Request, bought_by
from scoring.score import Strategy
from scoring.sequence import Tokens

MEMORY = 30_000_000
"""Scores of one strategy that are held at once: bounds customers times items."""
MOST_CUSTOMERS = 3000
DECAYS = (0.5, 0.8)
WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
PARTS = (Strategy.DEEP, Strategy.CONTENT, Strategy.POPULAR)
CUT = 10
START = Blend(together=1.0, deep=0.5, content=0.1, popular=0.05, decay=0.5, repurchase=False)
"""For a shop with too few orders to choose by."""
FEWEST_CUSTOMERS = 30


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out orders of n customers."""

    pairs: Pairs
    """[n] asked at the moment of the held-out order."""
    wanted: list[Integers]
    """[n] known items of that order."""
    bought: list[Integers]
    """[n] items bought before."""


def held_out(tokens: Tokens, last: npt.NDArray[np.bool_], *, items: int, seed: int) -> Held:
    """A sample of the customers' last orders, as far as they hold a known item."""
    actions = tokens.actions
    place = np.flatnonzero(last)
    most = min(MOST_CUSTOMERS, MEMORY // items)
    place = np.sort(np.random.default_rng(seed).permutation(place)[:most])
    wanted = [np.unique(actions.items[actions.rows[p] : actions.rows[p + 1]]) for p in place]
    some = np.array([bool((numbers > UNKNOWN).any()) for numbers in wanted], dtype=bool)
    place = place[some]
    owner = np.searchsorted(actions.offsets, place, side="right") - 1
    pairs = Pairs(customer=owner, as_of=actions.time[place], first=actions.offsets[owner], last=place)
    kept = [numbers[numbers > UNKNOWN] for numbers, keep in zip(wanted, some, strict=True) if keep]
    return Held(pairs, kept, bought_by(tokens, pairs))


def choose_blend(model: Model, tokens: Tokens, held: Held, device: torch.device) -> tuple[Blend, dict[str, float]]:
    """The best weights found by coordinate search, and what each strategy reached alone: hit rate and NDCG at 10."""
    if len(held.pairs) < FEWEST_CUSTOMERS:
        return START, {}
    tried: list[tuple[float, Blend, dict[str, float]]] = []
    for decay in DECAYS:
        parts = _parts(replace(model, blend=replace(START, decay=decay)), tokens, held, device)
        alone = {f"{part}_hit_rate_10": _quality(scores, held, hide=True)[0] for part, scores in parts.items()}
        for repurchase in (False, True):
            blend = replace(START, decay=decay, repurchase=repurchase)
            quality, blend = _search(parts, held, blend)
            tried.append(
                (sum(quality), blend, alone | {"hybrid_hit_rate_10": quality[0], "hybrid_ndcg_10": quality[1]})
            )
    _, blend, figures = max(tried, key=lambda choice: choice[0])
    return blend, figures


def _parts(model: Model, tokens: Tokens, held: Held, device: torch.device) -> dict[Strategy, npt.NDArray[np.float32]]:
    """[n, V + 2] scores of each strategy, divided by their largest."""
    recommender, request = Recommender(model, device), Request(count=1)
    blocks: dict[Strategy, list[npt.NDArray[np.float32]]] = {}
    for start in range(0, len(held.pairs), 256):
        some = slice(start, start + 256)
        pairs = Pairs(
            customer=held.pairs.customer[some], as_of=held.pairs.as_of[some],
            first=held.pairs.first[some], last=held.pairs.last[some],
        )  # fmt: skip
        for part, scores in recommender.ranked(tokens, pairs, request).parts.items():
            unit = scores / np.maximum(scores.max(axis=1, keepdims=True), 1e-12)
            blocks.setdefault(part, []).append(unit.astype(np.float32))
    return {part: np.concatenate(some) for part, some in blocks.items()}


def _search(
    parts: dict[Strategy, npt.NDArray[np.float32]], held: Held, blend: Blend
) -> tuple[tuple[float, float], Blend]:
    weights = {part: float(getattr(blend, part.value)) for part in parts}
    best = _blended(parts, weights, held, blend)
    for part in (*PARTS, *PARTS):
        for weight in WEIGHTS:
            attempt = weights | {part: weight}
            quality = _blended(parts, attempt, held, blend)
            if sum(quality) > sum(best):
                best, weights = quality, attempt
    return best, replace(
        blend,
        together=weights[Strategy.TOGETHER],
        deep=weights[Strategy.DEEP],
        content=weights[Strategy.CONTENT],
        popular=weights[Strategy.POPULAR],
    )


def _blended(
    parts: dict[Strategy, npt.NDArray[np.float32]], weights: dict[Strategy, float], held: Held, blend: Blend
) -> tuple[float, float]:
    total = np.zeros_like(next(iter(parts.values())))
    for part, scores in parts.items():
        if weights[part]:
            total += np.float32(weights[part]) * scores
    return _quality(total, held, hide=not blend.repurchase)


def _quality(scores: npt.NDArray[np.float32], held: Held, *, hide: bool) -> tuple[float, float]:
    """Hit rate and NDCG at 10 of the best-placed wanted item."""
    rank = np.zeros(len(scores))
    for row, (wanted, bought) in enumerate(zip(held.wanted, held.bought, strict=True)):
        mine = scores[row]
        best = mine[np.setdiff1d(wanted, bought) if hide else wanted].max(initial=-1.0)
        above = (mine > best).sum() + (mine == best).sum() / 2
        rank[row] = above - ((mine[bought] >= best).sum() if hide else 0) if best > 0 else np.inf
    return float((rank < CUT).mean()), float(np.where(rank < CUT, 1 / np.log2(np.maximum(rank, 0) + 2), 0.0).mean())
