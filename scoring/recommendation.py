"""Which items next: strategies over the whole catalogue, exclusions, diversity, and a reason for each item.

C customers, V items and 2 reserved numbers. Every strategy scores all items at once; HYBRID is their weighted sum after
each was divided by its largest value of the customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from scoring.again import again_of
from scoring.bought import begun_by, bought_by, context_of
from scoring.model import Model
from scoring.networks.network import Network
from scoring.score import Recommendation, Strategy, UnknownItem
from scoring.seen.actions import Floats, Integers, Pairs
from scoring.seen.blocks import PASSES, blocks
from scoring.seen.catalogue import UNKNOWN, WORD_BUCKETS
from scoring.seen.sequence import Tokens, batch_of, lengths_of

CHOICES = 4
"""Candidates for each item wanted, when diversity is asked for."""
FEWEST_CHOICES = 50
HIDDEN = -np.inf
UNSAID = 1e-9
"""Of items that a strategy says nothing of: just below those that it names, the popular ones first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted for a batch of C customers."""

    count: int
    strategy: Strategy = Strategy.HYBRID
    exclude: Sequence[frozenset[str]] = ()
    """[C] items that must not appear; empty for no exclusions at all."""
    among: frozenset[str] | None = None
    """Items that may appear; None for all."""
    diversity: float = 0.0
    """0 for the best items, towards 1 for items unlike one another."""
    context_items: Sequence[Sequence[str]] = ()
    """[C] items of the running session, latest last; empty for none at all."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count: must be at least 1, is {self.count}")
        if not 0.0 <= self.diversity <= 1.0:
            raise ValueError(f"diversity: must lie between 0 and 1, is {self.diversity}")


@dataclass(frozen=True, slots=True)
class Ranked:
    """Scores [C, V + 2] of the strategies, and the context [C, V + 2] that they come from."""

    parts: dict[Strategy, Floats]
    context: sparse.csr_matrix
    bought: list[Integers]
    """[C] catalogue numbers that each customer bought."""
    hidden: list[Integers]
    """[C] those of them that may not come again."""
    largest: dict[Strategy, Floats]
    """[C, 1] score of each strategy, by which it is divided."""


@dataclass(frozen=True)
class Recommender:
    """Recommends by one loaded model."""

    model: Model
    device: torch.device

    def recommend(self, tokens: Tokens, pairs: Pairs, request: Request) -> list[list[Recommendation]]:
        """Lists of at most `request.count` items, best first; shorter where exclusions leave fewer."""
        ranked = self.ranked(tokens, pairs, request)
        scores = self._combined(ranked, request.strategy)
        scores[:, : UNKNOWN + 1] = HIDDEN
        if request.among is not None:
            scores[:, UNKNOWN + 1 :][:, [item not in request.among for item in self.model.catalogue.item_ids]] = HIDDEN
        self._hide(scores, ranked.hidden, request)
        return [self._list(row, scores[row], ranked, request) for row in range(len(pairs))]

    def ranked(self, tokens: Tokens, pairs: Pairs, request: Request) -> Ranked:
        """Scores of every strategy that the request needs."""
        blend, numbers = self.model.blend, self.model.catalogue.numbers
        session = [numbers(np.array(items, dtype=object)) for items in request.context_items]
        context = context_of(tokens, pairs, len(self.model.catalogue) + 2, blend.decay, session)
        needed = dict.fromkeys((*self._voices(request.strategy), Strategy.POPULAR))
        parts = {s: self._scores(s, tokens, pairs, context) for s in needed}
        bought = bought_by(tokens, pairs)
        largest = {s: _largest(part) for s, part in parts.items()}
        return Ranked(parts, context, bought, self._hidden(bought, tokens, pairs), largest)

    def _hidden(self, bought: list[Integers], tokens: Tokens, pairs: Pairs) -> list[Integers]:
        """[C] what this shop's customers do not buy again."""
        if not self.model.blend.repurchase:
            return bought
        if self.model.blend.at_once:
            return [items[:0] for items in bought]
        return begun_by(tokens, pairs)

    def _voices(self, strategy: Strategy) -> dict[Strategy, float]:
        """Which strategies have a say, and how much."""
        if strategy is not Strategy.HYBRID:
            return {strategy: 1.0}
        weights = {part: float(getattr(self.model.blend, part.value)) for part in Strategy if part is not strategy}
        return {part: weight for part, weight in weights.items() if weight > 0}

    def _scores(self, strategy: Strategy, tokens: Tokens, pairs: Pairs, context: sparse.csr_matrix) -> Floats:
        if strategy is Strategy.TOGETHER:
            return self.model.together.scores(context)
        if strategy is Strategy.CONTENT:
            return np.asarray((context @ self.content @ self._items_of_words).toarray(), dtype=np.float64)
        if strategy is Strategy.DEEP:
            return self._deep(tokens, pairs)
        if strategy is Strategy.AGAIN:
            return np.asarray(again_of(tokens, pairs, len(self.model.catalogue) + 2).toarray(), dtype=np.float64)
        return np.repeat(self.model.together.popular[None], len(pairs), axis=0)

    def _deep(self, tokens: Tokens, pairs: Pairs) -> Floats:
        """[C, V + 2] probability of each item to be the next, 0 for customers without any event."""
        chances = np.zeros((len(pairs), len(self.model.catalogue) + 2))
        for block in blocks(lengths_of(pairs), PASSES[self.device.type]):
            chances[block] = self._next(tokens, pairs.some(block))
        return chances

    def _next(self, tokens: Tokens, pairs: Pairs) -> Floats:
        """The same, by one forward pass."""
        shape = self._speakers[0][0].shape
        tabular = np.zeros((len(pairs), 1, shape.features), dtype=np.float32)
        batch = batch_of(tokens, pairs.first, pairs.last, pairs.as_of[:, None], tabular).to(self.device)
        length = (batch.kind > 0).sum(dim=1)
        rows = torch.arange(len(pairs), device=self.device)
        total = torch.zeros(len(pairs), len(self.model.catalogue) + 2, device=self.device)
        with torch.inference_mode():
            for network, items in self._speakers:
                states = network(batch, items=items).states[rows, (length - 1).clamp(min=0)]
                logits = network.all_item_logits(states, items)
                logits[:, : UNKNOWN + 1] = HIDDEN
                total += logits.softmax(dim=1)
        known = (length > 0).unsqueeze(1)
        return (total * known).double().cpu().numpy() / len(self._speakers)

    @cached_property
    def _speakers(self) -> list[tuple[Network, Tensor]]:
        """The networks that say what is next, each with the vectors [V + 2, D] of its items."""
        networks = self.model.networks if self.model.next_items is None else (self.model.next_items,)
        return [(network, network.items.all()) for network in networks]

    def _combined(self, ranked: Ranked, strategy: Strategy) -> Floats:
        """Whoever the strategy has nothing to say about gets what is popular."""
        parts, largest = ranked.parts, ranked.largest
        popular = parts[Strategy.POPULAR]
        if strategy is Strategy.HYBRID:
            said = (parts[part] * (weight / largest[part]) for part, weight in self._voices(strategy).items())
            own = sum(said, np.zeros_like(popular))
        else:
            own = parts[strategy]
        silent = own.max(axis=1, keepdims=True) <= 0
        return np.where(silent, popular, np.where(own > 0, own, UNSAID * (popular - 1)))

    def _hide(self, scores: Floats, hidden: list[Integers], request: Request) -> None:
        for row, numbers in enumerate(hidden):
            scores[row, numbers] = HIDDEN
            if request.exclude:
                known = self.model.catalogue.number_of
                scores[row, [known[item] for item in request.exclude[row] if item in known]] = HIDDEN

    def _list(self, row: int, scores: Floats, ranked: Ranked, request: Request) -> list[Recommendation]:
        wanted = max(request.count * CHOICES, FEWEST_CHOICES) if request.diversity else request.count
        chosen = top(scores, wanted)
        if request.diversity:
            chosen = spread(chosen, scores[chosen], self.content, request.count, request.diversity)
        return [
            Recommendation(
                item_id=self.model.catalogue.item_ids[number - 2],
                score=float(scores[number]),
                reason=self._reason(row, number, ranked, request.strategy),
            )
            for number in chosen.tolist()
        ]

    def _reason(self, row: int, number: int, ranked: Ranked, strategy: Strategy) -> str:
        context, catalogue = ranked.context[row], self.model.catalogue
        if number in ranked.bought[row]:
            return "bought before"
        said = {
            part: weight * float(ranked.parts[part][row, number] / ranked.largest[part][row, 0])
            for part, weight in self._voices(strategy).items()
        }
        loudest = max(said, key=lambda part: said[part], default=Strategy.POPULAR)
        strongest = loudest if said.get(loudest, 0) > 0 else Strategy.POPULAR
        if strongest is Strategy.TOGETHER:
            source = self.model.together.source(context.indices, context.data, number)
            if source is not None:
                return f"often bought after {catalogue.title(catalogue.item_ids[source - 2])}"
        if strongest is Strategy.CONTENT:
            alike = self.content[context.indices] @ self.content[number].T
            source = int(context.indices[(np.asarray(alike.todense()).ravel() * context.data).argmax()])
            return f"similar to {catalogue.title(catalogue.item_ids[source - 2])}"
        if strongest is Strategy.DEEP:
            return "what customers with a similar history buy next"
        return "popular lately" if ranked.parts[Strategy.POPULAR][row, number] > 0 else "in the catalogue"

    def similar(self, item_id: str, count: int) -> list[Recommendation]:
        """Items that resemble one item or are bought with it; UnknownItem if the model does not know it."""
        number = self.model.catalogue.number_of.get(item_id, UNKNOWN)
        if number <= UNKNOWN:
            raise UnknownItem(item_id)
        alike = np.asarray((self.content @ self.content[number].T).todense(), dtype=np.float64).ravel()
        beside = _unit(np.asarray(self.model.together.weights[number].todense(), dtype=np.float64)).ravel()
        scores = alike + beside
        scores[[0, UNKNOWN, number]] = HIDDEN
        title = self.model.catalogue.title(item_id)
        return [
            Recommendation(
                item_id=self.model.catalogue.item_ids[place - 2],
                score=float(scores[place]),
                reason=f"similar to {title}" if alike[place] >= beside[place] else f"often bought after {title}",
            )
            for place in top(scores, count).tolist()
            if scores[place] > 0
        ]

    @cached_property
    def content(self) -> sparse.csr_matrix:
        """[V + 2, buckets] words of each item, rare words weighing more, rows of length 1."""
        flat, starts = self.model.catalogue.words
        counts = sparse.csr_matrix(
            (np.ones(len(flat)), flat, np.append(starts, len(flat))), shape=(len(starts), WORD_BUCKETS)
        )
        found = np.bincount(counts.indices, minlength=WORD_BUCKETS)
        weighted = counts @ sparse.diags_array(np.log((1 + len(starts)) / (1 + found)))
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return sparse.csr_matrix(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ weighted)

    @cached_property
    def _items_of_words(self) -> sparse.csr_matrix:
        """`content` the other way round, as products read it."""
        return sparse.csr_matrix(self.content.T)


def top(scores: Floats, count: int) -> npt.NDArray[np.int64]:
    """Places of the largest scores that are not hidden, best first; ties by place."""
    count = min(count, len(scores))
    best = np.argpartition(-scores, count - 1)[:count]
    best = best[np.lexsort((best, -scores[best]))]
    return best[scores[best] > HIDDEN].astype(np.int64)


def spread(
    numbers: npt.NDArray[np.int64], scores: Floats, content: sparse.csr_matrix, count: int, diversity: float
) -> npt.NDArray[np.int64]:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): each next item is good and unlike those before it."""
    if len(numbers) == 0:
        return numbers
    rows = content[numbers]
    alike = np.asarray((rows @ rows.T).todense())
    good = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-12)
    chosen: list[int] = []
    nearest = np.zeros(len(numbers))
    for _ in range(min(count, len(numbers))):
        gain = (1 - diversity) * good - diversity * nearest
        gain[chosen] = HIDDEN
        chosen.append(int(gain.argmax()))
        nearest = np.maximum(nearest, alike[chosen[-1]])
    return numbers[chosen]


def _largest(scores: Floats) -> Floats:
    return np.asarray(np.maximum(scores.max(axis=1, keepdims=True), 1e-12))


def _unit(scores: Floats) -> Floats:
    unit: Floats = scores / _largest(scores)
    return unit
