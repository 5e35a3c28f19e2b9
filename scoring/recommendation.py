"""Which items next: strategies over the whole catalogue, exclusions, diversity, and a reason for each item.

C customers, V items and 2 reserved numbers. Every strategy scores all items; HYBRID is their weighted sum after each
was divided by its largest value of the customer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise, starmap

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from scoring.again import Bought, again_of, in_fashion, rested
from scoring.bought import Returning, begun_by, bought_by, context_of
from scoring.content import Content
from scoring.model import Blend, Model
from scoring.networks.network import Network
from scoring.ranking import HIDDEN, spread, top
from scoring.score import ALL_THERE, Reason, Recommendation, Strategy, Unavailable, UnknownItem, Why
from scoring.seen.actions import Floats, Integers, Pairs
from scoring.seen.blocks import PASSES, blocks
from scoring.seen.catalogue import ABSENT, UNKNOWN
from scoring.seen.sequence import Tokens, batch_of, lengths_of
from scoring.voices import blends_of, voices_of

CHOICES = 4
"""Candidates for each item wanted, when diversity is asked for."""
FEWEST_CHOICES = 50
UNSAID = 1e-9
LEAST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted for a batch of C customers."""

    count: int
    strategy: Strategy = Strategy.HYBRID
    exclude: Sequence[frozenset[str]] = ()
    """[C] items that must not appear; empty for no exclusions at all."""
    among: frozenset[str] | None = None
    """Items that may appear; None for all."""
    unavailable: Unavailable = ALL_THERE
    """Items that may not."""
    diversity: float = 0.0
    """0 for the best items, towards 1 for items unlike one another."""
    context_items: Sequence[Sequence[str]] = ()
    """[C] items of the running session, latest last; empty for none at all."""
    popular: Sequence[Floats] = ()
    """[C] how popular the items [V + 2] are when each customer is asked; empty for how popular they are now."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count: must be at least 1, is {self.count}")
        if not 0.0 <= self.diversity <= 1.0:
            raise ValueError(f"diversity: must lie between 0 and 1, is {self.diversity}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """What is known of one customer's wants."""

    parts: Mapping[Strategy, Floats]
    """Scores [V + 2] of the strategies."""
    largest: Mapping[Strategy, float]
    """Of each strategy's scores, by which they are divided."""
    voices: Mapping[Strategy, float]
    """Which strategies have a say, and how much."""
    items: Integers
    """That speak for the customer."""
    weights: Floats
    """Of these items."""
    bought: Integers
    """Catalogue numbers of what the customer bought."""
    hidden: Integers
    """Those of them that may not come again."""


@dataclass(frozen=True)
class Recommender:
    """Recommends by one loaded model."""

    model: Model
    device: torch.device

    def prepare(self) -> None:
        """Do now what the first list would wait for."""
        self.content, self._unsaid, self._speakers  # noqa: B018 - kept from here on
        self._gone(ALL_THERE)

    def recommend(self, tokens: Tokens, pairs: Pairs, request: Request) -> list[list[Recommendation]]:
        """Lists of at most `request.count` items, best first; shorter where exclusions leave fewer."""
        numbers = self.model.catalogue.number_of
        elsewhere = [] if request.among is None else [n for item, n in numbers.items() if item not in request.among]
        shut = np.concatenate([np.array(elsewhere, dtype=np.int64), self._gone(request.unavailable)])
        lists = []
        for row, ranked in enumerate(self.ranked(tokens, pairs, request)):
            scores = self._combined(ranked, request.strategy)
            scores[shut] = HIDDEN
            scores[ranked.hidden] = HIDDEN
            if request.exclude:
                scores[[numbers[item] for item in request.exclude[row] if item in numbers]] = HIDDEN
            lists.append(self._list(scores, ranked, request))
        return lists

    def _gone(self, unavailable: Unavailable) -> Integers:
        """Numbers of what is never shown; they are looked up once for each revision."""
        found = self._gone_by_revision.get(unavailable.revision)
        if found is None:
            numbers = self.model.catalogue.numbers(np.array(unavailable.item_ids.split("\n"), dtype=object))
            found = np.concatenate([[ABSENT, UNKNOWN], numbers[numbers > UNKNOWN]])
            self._gone_by_revision.clear()
            self._gone_by_revision[unavailable.revision] = found
        return found

    @cached_property
    def _gone_by_revision(self) -> dict[int, Integers]:
        """Of the latest revision alone."""
        return {}

    def ranked(self, tokens: Tokens, pairs: Pairs, request: Request) -> Iterator[Ranked]:
        """Each of C customers, one after the other: scores of a large catalogue are held of one alone."""
        known, bought = self.model.catalogue, bought_by(tokens, pairs)
        session = [known.numbers(np.array(items, dtype=object)) for items in request.context_items]
        blends = blends_of(self.model, tokens.actions, pairs, bought, session)
        voices = [voices_of(blend, request.strategy) for blend in blends]
        context = _rows(context_of(tokens, pairs, len(known) + 2, [blend.decay for blend in blends], session))
        needed = dict.fromkeys([*chain.from_iterable(voices), Strategy.POPULAR])
        popular = request.popular or [self.model.together.popular] * len(pairs)
        lines = [self._lines(strategy, tokens, pairs, context, popular, blends) for strategy in needed]
        returning = [blend.returning for blend in blends]
        begun = begun_by(tokens, pairs) if Returning.LATER in returning else bought
        for row, scores in enumerate(zip(*lines, strict=True)):
            items, weights = context[row]
            yield Ranked(
                parts=dict(zip(needed, scores, strict=True)),
                largest={s: max(float(line.max()), LEAST) for s, line in zip(needed, scores, strict=True)},
                voices=voices[row], items=items, weights=weights, bought=bought[row],
                hidden=returning[row].hidden(bought[row], begun[row]),
            )  # fmt: skip

    def _lines(
        self, strategy: Strategy, tokens: Tokens, pairs: Pairs, context: Sequence[tuple[Integers, Floats]],
        popular: Sequence[Floats], blends: Sequence[Blend],
    ) -> Iterable[Floats]:  # fmt: skip
        """Scores [V + 2] of each customer."""
        match strategy:
            case Strategy.TOGETHER:
                return starmap(self.model.together.scores, context)
            case Strategy.CONTENT:
                return starmap(self.content.alike, context)
            case Strategy.DEEP:
                return (chances.astype(np.float64) for chances in self._deep(tokens, pairs))
            case Strategy.AGAIN:
                bought = again_of(tokens, pairs, len(self.model.catalogue) + 2)
                return self._again(bought, popular, blends)
            case _:
                return popular

    def _again(self, bought: Bought, popular: Sequence[Floats], blends: Sequence[Blend]) -> Iterator[Floats]:
        table = bought.scores
        for row, (begin, end) in enumerate(pairwise(table.indptr.tolist())):
            items, line = table.indices[begin:end], np.zeros(len(self.model.catalogue) + 2)
            scores = rested(table.data[begin:end], bought.step[begin:end], blends[row].rest)
            line[items] = in_fashion(scores, popular[row][items], blends[row].fashion)
            yield line

    def _deep(self, tokens: Tokens, pairs: Pairs) -> npt.NDArray[np.float32]:
        """[C, V + 2] probability of each item to be the next, 0 for customers without any event."""
        chances = np.zeros((len(pairs), len(self.model.catalogue) + 2), dtype=np.float32)
        for block in blocks(lengths_of(pairs), PASSES[self.device.type]):
            chances[block] = self._next(tokens, pairs.some(block))
        return chances

    def _next(self, tokens: Tokens, pairs: Pairs) -> npt.NDArray[np.float32]:
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
        return (total * known / len(self._speakers)).cpu().numpy()

    @cached_property
    def _speakers(self) -> list[tuple[Network, Tensor]]:
        """The networks that say what is next, each with the vectors [V + 2, D] of its items."""
        networks = self.model.networks if self.model.next_items is None else (self.model.next_items,)
        return [(network, network.items.all()) for network in networks]

    def _combined(self, ranked: Ranked, strategy: Strategy) -> Floats:
        """[V + 2] whoever the strategy has nothing to say about gets what is popular."""
        own = ranked.parts[strategy].copy() if strategy is not Strategy.HYBRID else self._blended(ranked)
        if own.max() <= 0:
            return ranked.parts[Strategy.POPULAR].copy()
        np.copyto(own, self._unsaid, where=own <= 0)
        return own

    def _blended(self, ranked: Ranked) -> Floats:
        total = np.zeros(len(self.model.catalogue) + 2)
        for part, weight in ranked.voices.items():
            total += ranked.parts[part] * (weight / ranked.largest[part])
        return total

    @cached_property
    def _unsaid(self) -> Floats:
        """[V + 2] of items that a strategy says nothing of: just below those that it names, the popular ones first."""
        return UNSAID * (self.model.together.popular - 1)

    def _list(self, scores: Floats, ranked: Ranked, request: Request) -> list[Recommendation]:
        wanted = max(request.count * CHOICES, FEWEST_CHOICES) if request.diversity else request.count
        chosen = top(scores, wanted)
        if request.diversity:
            chosen = spread(chosen, scores[chosen], self.content.words, request.count, request.diversity)
        item_ids, reasons = self.model.catalogue.item_ids, self._reasons(chosen, ranked)
        return [
            Recommendation(item_id=item_ids[number - 2], score=float(scores[number]), reason=reason)
            for number, reason in zip(chosen.tolist(), reasons, strict=True)
        ]

    def _reasons(self, chosen: Integers, ranked: Ranked) -> list[Reason]:
        """Of each item, by what speaks loudest for it."""
        loudest, most = np.full(len(chosen), Strategy.POPULAR, dtype=object), np.zeros(len(chosen))
        for part, weight in ranked.voices.items():
            said = ranked.parts[part][chosen] * (weight / ranked.largest[part])
            loudest[said > most] = part
            most = np.maximum(most, said)
        loudest[np.isin(chosen, ranked.bought)] = Strategy.AGAIN
        sources = {
            Strategy.TOGETHER: self.model.together.sources(ranked.items, ranked.weights, chosen),
            Strategy.CONTENT: self.content.nearest(ranked.items, ranked.weights, chosen),
        }
        return [
            self._reason(part, number, sources[part][place] if part in sources else number, ranked)
            for place, (part, number) in enumerate(zip(loudest, chosen, strict=True))
        ]

    def _reason(self, part: Strategy, number: int, source: int, ranked: Ranked) -> Reason:
        """The item that it comes from, or else the item itself, is the `source`."""
        match part:
            case Strategy.AGAIN:
                return Reason(Why.BOUGHT_BEFORE)
            case Strategy.TOGETHER | Strategy.CONTENT if source == number:
                return Reason(Why.LOOKED_AT)
            case Strategy.TOGETHER:
                return self._because(Why.BOUGHT_AFTER, source)
            case Strategy.CONTENT:
                return self._because(Why.SIMILAR, source)
            case Strategy.DEEP:
                return Reason(Why.SIMILAR_CUSTOMERS)
            case _:
                return Reason(Why.POPULAR if ranked.parts[Strategy.POPULAR][number] > 0 else Why.IN_CATALOGUE)

    def _because(self, why: Why, number: int) -> Reason:
        """Of another item."""
        catalogue = self.model.catalogue
        return Reason(why, catalogue.item_ids[number - 2], catalogue.titles[number - 2])

    def similar(self, item_id: str, count: int, unavailable: Unavailable = ALL_THERE) -> list[Recommendation]:
        """Items that resemble one item or are bought with it; UnknownItem if the model does not know it."""
        number = self.model.catalogue.number_of.get(item_id, UNKNOWN)
        if number <= UNKNOWN:
            raise UnknownItem(item_id)
        alike = self.content.alike(np.array([number]), np.ones(1))
        beside = np.asarray(self.model.together.weights[number].todense(), dtype=np.float64).ravel()
        beside /= max(float(beside.max()), LEAST)
        scores = alike + beside
        scores[self._gone(unavailable)] = HIDDEN
        scores[number] = HIDDEN
        return [
            Recommendation(
                item_id=self.model.catalogue.item_ids[place - 2],
                score=float(scores[place]),
                reason=self._because(Why.SIMILAR if alike[place] >= beside[place] else Why.BOUGHT_AFTER, number),
            )
            for place in top(scores, count).tolist()
            if scores[place] > 0
        ]

    @cached_property
    def content(self) -> Content:
        """What the items are called."""
        return Content.of(self.model.catalogue)


def _rows(table: sparse.csr_matrix) -> list[tuple[Integers, Floats]]:
    """Of each row the columns, and what stands there."""
    ends = pairwise(table.indptr.tolist())
    return [(table.indices[begin:end], table.data[begin:end]) for begin, end in ends]
