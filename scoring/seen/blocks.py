"""Sequences that are computed together: padding is computed too, and so is the beginning of each pass."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scoring.seen.actions import Integers


@dataclass(frozen=True, slots=True)
class Passes:
    """What forward passes cost on a device."""

    most: int
    """Sequences in one pass when there are many: more leave a processor's cache, fewer leave a GPU idle."""
    tokens: int
    """That take about as long as beginning another pass."""


PASSES = {"cpu": Passes(most=32, tokens=200), "cuda": Passes(most=256, tokens=5_000)}


def blocks(lengths: Integers, passes: Passes) -> Iterator[Integers]:
    """Places of sequences of these lengths, pass by pass, the shortest of them first.

    A pass is divided as long as its shorter sequences are spared more padding than another pass costs.
    """
    order = np.argsort(lengths, kind="stable")
    waiting = [order[start : start + passes.most] for start in range(0, len(order), passes.most)][::-1]
    while waiting:
        block = waiting.pop()
        spared = _spared(lengths[block])
        cut = int(spared.argmax()) + 1 if len(spared) else 0
        if cut and spared[cut - 1] > passes.tokens:
            waiting += [block[cut:], block[:cut]]
        else:
            yield block


def _spared(rising: Integers) -> Integers:
    """[B - 1] tokens of padding that the shortest 1, 2, … of B sequences need not have without the others."""
    spared: Integers = np.arange(1, len(rising)) * (rising[-1] - rising[:-1])
    return spared
