"""Training examples: one customer's tokens with many questions, so that one forward pass learns from many cut-offs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from events.event import EventType
from scoring.seen.actions import Actions, Floats, Integers, Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import TOKENS, Batch, Tokens, batch_of
from training.configuration import Configuration
from training.material.labels import Labels

POOL = 32
"""Batches that are sorted by length together: little padding, yet random neighbours."""
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """X sequences; sequence x shows actions first[x]:last[x] and asks pairs[starts[x]:starts[x + 1]]."""

    tokens: Tokens
    pairs: Pairs
    tabular: npt.NDArray[np.float32]
    """[P, S]"""
    labels: Labels
    weight: Floats
    """[P] how much each question counts; those whose windows are closed 1 on average."""
    first: Integers
    last: Integers
    starts: Integers
    """[X + 1]"""
    next_order: Integers
    """[A] the customer's next purchase with a known item after each action, NONE where there is none to learn from."""

    @property
    def closed(self) -> "Closed":
        """The questions of which all is known."""
        told = self.labels.closed
        return Closed(
            pairs=self.pairs.some(told),
            tabular=self.tabular[told],
            labels=self.labels.some(told),
            weight=self.weight[told],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """P questions whose windows are closed, without their sequences."""

    pairs: Pairs
    tabular: npt.NDArray[np.float32]
    """[P, S]"""
    labels: Labels
    weight: Floats
    """[P] 1 on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A batch, and what there is to learn from it."""

    batch: Batch
    pair: Integers
    """[B, Q] which question stands there, NONE where it is padding."""
    target: Integers
    """[B, L] catalogue number of an item bought next, 0 where there is none."""


def examples_of(
    tokens: Tokens,
    pairs: Pairs,
    tabular: npt.NDArray[np.float32],
    labels: Labels,
    *,
    weight: Floats,
    next_order: Integers,
    until: Integers,
) -> Examples:
    """Group the questions by customer; `until` [C] is one past the last action that each customer's sequence may show.

    The pairs come sorted by customer and time. A customer with more than TOKENS actions becomes several sequences, so
    that every question sees at least half as many tokens as it would alone.
    """
    first, last, starts = [], [], [0]
    stop = len(pairs)
    bounds = np.append(np.flatnonzero(np.diff(pairs.customer, prepend=NONE)), stop)
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        for low, high, newest in _blocks(pairs, begin, end, int(until[pairs.customer[begin]])):
            first.append(max(int(pairs.first[low]), newest - TOKENS))
            last.append(newest)
            starts.append(high)
    return Examples(
        tokens=tokens, pairs=pairs, tabular=tabular, labels=labels, weight=weight, next_order=next_order,
        first=np.array(first, dtype=np.int64), last=np.array(last, dtype=np.int64),
        starts=np.array(starts, dtype=np.int64),
    )  # fmt: skip


def _blocks(pairs: Pairs, begin: int, end: int, newest: int) -> list[tuple[int, int, int]]:
    """(first pair, one past the last pair, one past the newest action), oldest block first."""
    blocks, high = [], end
    while high > begin:
        oldest = newest - TOKENS
        low = high - 1
        while low > begin and _enough(pairs, low - 1, oldest):
            low -= 1
        blocks.append((low, high, newest))
        high = low
        if high > begin:
            newest = int(pairs.last[high - 1])
    return blocks[::-1]


def _enough(pairs: Pairs, pair: int, oldest: int) -> bool:
    alone = min(int(pairs.last[pair] - pairs.first[pair]), TOKENS)
    return int(pairs.last[pair]) - max(oldest, int(pairs.first[pair])) >= alone / 2


def next_orders(actions: Actions, until: Integers, held_out: npt.NDArray[np.bool_]) -> Integers:
    """[A] each action's next purchase by the same customer, before `until` [C]; `held_out` [A] are never learned."""
    owner = np.repeat(np.arange(len(actions.offsets) - 1), np.diff(actions.offsets))
    place = np.arange(len(owner))
    known = np.maximum.reduceat(actions.items, actions.rows[:-1]) > UNKNOWN if len(owner) else np.zeros(0, dtype=bool)
    usable = (actions.kind == EventType.PURCHASE) & known & ~held_out & (place < until[owner])
    candidates = np.append(np.flatnonzero(usable), NONE)
    following = candidates[np.searchsorted(candidates[:-1], place, side="right")]
    same = (following != NONE) & (owner[following] == owner)
    return np.where(same, following, NONE)


def lessons(examples: Examples, configuration: Configuration, random: np.random.Generator) -> Iterator[Lesson]:
    """One epoch: sequences up to a budget of tokens, in batches of similar length, with some questions of each."""
    length = np.minimum(examples.last - examples.first, TOKENS)
    order = random.permutation(len(length))
    order = order[: 1 + int(np.searchsorted(np.cumsum(length[order]), configuration.tokens_an_epoch))]
    size = batch_size(len(order), configuration)
    pool = size * POOL
    batches = []
    for start in range(0, len(order), pool):
        near = order[start : start + pool]
        near = near[np.argsort(length[near], kind="stable")]
        batches += [near[s : s + size] for s in range(0, len(near), size)]
    for chosen in random.permutation(len(batches)):
        yield _lesson(examples, batches[chosen], configuration.queries, random)


def batch_size(sequences: int, configuration: Configuration) -> int:
    """Larger for more sequences, as long as an epoch still takes enough steps."""
    most = min(sequences // configuration.steps_an_epoch, configuration.most_sequences)
    return max(most, configuration.sequences)


def _lesson(examples: Examples, chosen: Integers, most: int, random: np.random.Generator) -> Lesson:
    asked = [random.permutation(np.arange(examples.starts[x], examples.starts[x + 1]))[:most] for x in chosen.tolist()]
    pair = np.full((len(chosen), max(len(some) for some in asked)), NONE)
    for row, some in enumerate(asked):
        pair[row, : len(some)] = some
    first, last = np.maximum(examples.first[chosen], examples.last[chosen] - TOKENS), examples.last[chosen]
    return Lesson(
        batch=asking(examples, chosen, pair),
        pair=pair,
        target=_targets(examples, first, last, random),
    )


def asking(examples: Examples, chosen: Integers, pair: Integers) -> Batch:
    """These sequences [B] with their questions [B, Q], NONE where there is padding."""
    as_of = np.where(pair == NONE, np.nan, examples.pairs.as_of[pair])
    tabular = np.where((pair == NONE)[..., None], np.float32(0), examples.tabular[pair])
    return batch_of(examples.tokens, examples.first[chosen], examples.last[chosen], as_of, tabular)


def _targets(examples: Examples, first: Integers, last: Integers, random: np.random.Generator) -> Integers:
    """[B, L] a random known item of the next order."""
    actions = examples.tokens.actions
    place = first[:, None] + np.arange(max(1, int((last - first).max(initial=0))))
    order = np.where(place < last[:, None], examples.next_order[np.minimum(place, len(examples.next_order) - 1)], NONE)
    begin, stop = actions.rows[order], actions.rows[order + 1]
    row = begin + (random.random(order.shape) * (stop - begin)).astype(np.int64)
    item = actions.items[np.minimum(row, len(actions.items) - 1)]
    return np.where((order != NONE) & (item > UNKNOWN), item, 0)
