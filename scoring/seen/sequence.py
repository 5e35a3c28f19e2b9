"""Actions to tokens: ragged histories as one padded batch that the network reads.

B sequences of at most L tokens; M items, W words and K numbers a token; Q queries a sequence; S selected features.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from scoring.seen.actions import Actions, Floats, Integers, Pairs
from scoring.seen.catalogue import hashed
from scoring.seen.view import DAY

Number = TypeVar("Number", bound=np.generic)

TOKENS = 128
"""Latest actions that the network reads."""
ITEMS = 16
"""Items of one order that it reads."""
WORDS = 32
"""Words of a review that it reads."""
NUMBERS = 11
GAP = 6
"""Which of the numbers is the time since the action before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Tensors for one forward pass; a padded token has kind 0, a padded query NaN as its time."""

    kind: Tensor
    """[B, L] EventType."""
    time: Tensor
    """[B, L] float64, seconds since the epoch."""
    numbers: Tensor
    """[B, L, K] about standardised."""
    items: Tensor
    """[B, L, M] catalogue numbers; 0 where there is none."""
    words: Tensor
    """[B, L, W] hashed words of reviews and channels; 0 where there is none."""
    query_time: Tensor
    """[B, Q] float64; a query sees the tokens strictly before it."""
    tabular: Tensor
    """[B, Q, S] normalised features at the query's time."""

    def to(self, device: torch.device) -> Self:
        """The same batch on a device."""
        return type(self)(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Everything about A actions that does not depend on who asks: computed once, cut into batches often."""

    actions: Actions
    numbers: npt.NDArray[np.float32]
    """[A, K]"""
    words: Integers
    """Hashed words of review and channel, action by action."""
    word_starts: Integers
    """[A + 1]"""


def tokens_of(actions: Actions) -> Tokens:
    """Numbers and words of every action."""
    rows = actions.rows[:-1]
    channel, text = actions.histories.channel[rows].tolist(), actions.histories.text[rows].tolist()
    bags = [_channel_words(c) if t is None else _spoken(c, t) for c, t in zip(channel, text, strict=True)]
    lengths = np.fromiter(map(len, bags), dtype=np.int64, count=len(bags))
    words = np.fromiter(chain.from_iterable(bags), dtype=np.int64, count=int(lengths.sum()))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Tokens(actions=actions, numbers=_numbers(actions), words=words, word_starts=starts)


def _spoken(channel: str | None, text: str) -> list[int]:
    return [*_channel_words(channel), *hashed(text)][:WORDS]


@lru_cache(maxsize=1024)
def _channel_words(channel: str | None) -> tuple[int, ...]:
    """A shop has a handful of channels, and nearly every action names one."""
    return () if channel is None else tuple(hashed(f"channel{channel}")[:WORDS])


def _numbers(actions: Actions) -> npt.NDArray[np.float32]:
    """[A, K]: money, amounts and times on logarithmic scales of about unit size; 0 where unknown."""
    gap = np.diff(actions.time, prepend=0.0)
    gap[actions.offsets[:-1][np.diff(actions.offsets) > 0]] = 0.0
    day, week = actions.time / DAY * 2 * np.pi, (actions.time / DAY + 3) / 7 * 2 * np.pi
    known = actions.amount > 0
    columns = (
        np.where(known, (np.log1p(actions.amount) - 9.0) / 2.0, 0.0),
        np.where(known, (np.log1p(actions.amount / np.maximum(actions.quantity, 1.0)) - 6.0) / 2.0, 0.0),
        np.log1p(actions.quantity) / 3.0,
        np.log1p(actions.lines) / 2.0,
        np.where(np.isnan(actions.rating), 0.0, (actions.rating - 3.0) / 1.5),
        np.log1p(actions.dwell) / 3.0,
        np.log1p(gap / DAY) / 3.0,
        np.sin(day),
        np.cos(day),
        np.sin(week),
        np.cos(week),
    )
    numbers: npt.NDArray[np.float32] = np.clip(np.stack(columns, axis=1), -4.0, 4.0).astype(np.float32)
    return numbers


def lengths_of(pairs: Pairs) -> Integers:
    """[P] tokens that are read for each question, before padding."""
    read: Integers = np.minimum(pairs.last - pairs.first, TOKENS)
    return read


def batch_of(
    tokens: Tokens, first: Integers, last: Integers, query_time: Floats, tabular: npt.NDArray[np.float32]
) -> Batch:
    """Actions first[b]:last[b] (the latest TOKENS of them) as sequence b, asked at query_time [B, Q] with [B, Q, S]."""
    actions = tokens.actions
    first = np.maximum(first, last - TOKENS)
    length = max(1, int((last - first).max(initial=0)))
    place = first[:, None] + np.arange(length)
    real = place < last[:, None]
    numbers = _gathered(tokens.numbers, place, real)
    numbers[:, 0, GAP] = 0.0  # what happened before the first token is not seen, so nor is the time since
    return Batch(
        kind=torch.from_numpy(_gathered(actions.kind.astype(np.int64), place, real)),
        time=torch.from_numpy(_gathered(actions.time, place, real)),
        numbers=torch.from_numpy(numbers),
        items=torch.from_numpy(_bags(actions.items, actions.rows, place, real, ITEMS)),
        words=torch.from_numpy(_bags(tokens.words, tokens.word_starts, place, real, WORDS)),
        query_time=torch.from_numpy(query_time),
        tabular=torch.from_numpy(tabular),
    )


def _gathered(values: npt.NDArray[Number], place: Integers, real: npt.NDArray[np.bool_]) -> npt.NDArray[Number]:
    """[B, L, …] values at the places that are real, 0 elsewhere."""
    gathered = np.zeros((*place.shape, *values.shape[1:]), dtype=values.dtype)
    gathered[real] = values[place[real]]
    return gathered


def _bags(flat: Integers, starts: Integers, place: Integers, real: npt.NDArray[np.bool_], most: int) -> Integers:
    """[B, L, m] the first `most` values of each place's bag flat[starts[p]:starts[p + 1]], padded with 0."""
    begin, stop = starts[place[real]], starts[place[real] + 1]
    width = max(1, min(most, int((stop - begin).max(initial=0))))
    within = begin[:, None] + np.arange(width)
    inside = within < stop[:, None]
    chosen = np.zeros(within.shape, dtype=np.int64)
    chosen[inside] = flat[within[inside]]
    bags = np.zeros((*place.shape, width), dtype=np.int64)
    bags[real] = chosen
    return bags
