"""Who has a say in a list of items, and how much: by what is known of the customer."""

from collections.abc import Sequence

from scoring.model import Blend, Model
from scoring.score import Strategy
from scoring.seen.actions import Actions, Integers, Pairs
from scoring.visits import visits_begin


def blends_of(
    model: Model, actions: Actions, pairs: Pairs, bought: Sequence[Integers], session: Sequence[Integers]
) -> list[Blend]:
    """[C] by whether the customer `bought` anything [C], and is there: `session` items [C] say so, or what was done."""
    ahead = model.ahead or model.blend
    there = [len(items) > 0 for items in session] or [False] * len(pairs)
    visits = visits_begin(actions, pairs) < pairs.last if ahead is not model.blend else there
    return [
        (model.blend if now or visit else ahead) if len(items) else model.newcomers or model.blend
        for items, now, visit in zip(bought, there, visits, strict=True)
    ]


def voices_of(blend: Blend, strategy: Strategy) -> dict[Strategy, float]:
    """Weights of the strategies that are asked."""
    if strategy is not Strategy.HYBRID:
        return {strategy: 1.0}
    weights = {part: float(getattr(blend, part.value)) for part in Strategy if part is not strategy}
    return {part: weight for part, weight in weights.items() if weight > 0}
