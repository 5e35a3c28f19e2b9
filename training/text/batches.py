"""Texts as token numbers, and the order in which they are learned: little padding, yet random neighbours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scoring.seen.actions import Integers

ASKED = 128
"""Texts in one forward pass when nothing is learned."""
READ = 4096
"""Texts that are cut into tokens together: what the library says of each takes much more room than its numbers."""
POOL = 16
"""Batches that are sorted by length together."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """N texts as ragged token numbers: text n is flat[starts[n]:starts[n + 1]]."""

    flat: Integers
    starts: Integers
    padding: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, chosen: Integers) -> dict[str, Tensor]:
        """[B, T] padded to the longest of the chosen texts, as the library's models read them."""
        begin, length = self.starts[chosen], np.diff(self.starts)[chosen]
        place = np.arange(max(1, int(length.max(initial=1))))
        real = place < length[:, None]
        tokens = np.full(real.shape, self.padding, dtype=np.int64)
        tokens[real] = self.flat[(begin[:, None] + place)[real]]
        return {"input_ids": torch.from_numpy(tokens), "attention_mask": torch.from_numpy(real.astype(np.int64))}

    def batches(self) -> Iterator[tuple[Integers, dict[str, Tensor]]]:
        """Every text once, the short ones first: which texts, and these as `batch` gives them."""
        order = np.argsort(np.diff(self.starts), kind="stable")
        for start in range(0, len(order), ASKED):
            chosen = order[start : start + ASKED]
            yield chosen, self.batch(chosen)


def encode(tokenizer: Any, texts: Sequence[str], most: int) -> Encoded:  # noqa: ANN401  # the library's type
    """Token numbers with the marks of begin and end, at most so many of each text and at least one."""
    padding = int(tokenizer.pad_token_id)
    found = [np.array(numbers or [padding], dtype=np.int64) for numbers in _numbers(tokenizer, texts, most)]
    starts = np.concatenate(([0], np.cumsum([len(text) for text in found]))).astype(np.int64)
    return Encoded(np.concatenate([*found, np.zeros(0, dtype=np.int64)]), starts, padding)


def _numbers(tokenizer: Any, texts: Sequence[str], most: int) -> Iterator[list[int]]:  # noqa: ANN401  # as above
    for start in range(0, len(texts), READ):
        some = list(texts[start : start + READ])
        yield from tokenizer(some, truncation=True, max_length=min(most, tokenizer.model_max_length))["input_ids"]


@dataclass(frozen=True, slots=True)
class Batches:
    """Texts with their labels [N]."""

    encoded: Encoded
    labels: Integers
    size: int

    def __len__(self) -> int:
        return (len(self.encoded) + self.size - 1) // self.size

    def shuffled(self, random: np.random.Generator) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        """One epoch: every text once."""
        length, order = np.diff(self.encoded.starts), random.permutation(len(self.encoded))
        batches = []
        for start in range(0, len(order), self.size * POOL):
            near = order[start : start + self.size * POOL]
            near = near[np.argsort(length[near], kind="stable")]
            batches += [near[place : place + self.size] for place in range(0, len(near), self.size)]
        for chosen in random.permutation(len(batches)):
            yield self.encoded.batch(batches[chosen]), torch.from_numpy(self.labels[batches[chosen]])
