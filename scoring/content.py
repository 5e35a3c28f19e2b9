"""What items are called: which of them are alike by the words of title and category."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from scoring.seen.actions import Floats, Integers
from scoring.seen.catalogue import WORD_BUCKETS, Catalogue


@dataclass(frozen=True, slots=True)
class Content:
    """Of V items and 2 reserved numbers."""

    words: sparse.csr_matrix
    """[V + 2, buckets] of each item, rare ones weighing more, rows of length 1."""

    @classmethod
    def of(cls, catalogue: Catalogue) -> Self:
        """Of a catalogue."""
        flat, starts = catalogue.words
        counts = sparse.csr_matrix(
            (np.ones(len(flat)), flat, np.append(starts, len(flat))), shape=(len(starts), WORD_BUCKETS)
        )
        found = np.bincount(counts.indices, minlength=WORD_BUCKETS)
        weighted = counts @ sparse.diags_array(np.log((1 + len(starts)) / (1 + found)))
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return cls(sparse.csr_matrix(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ weighted))

    def alike(self, items: Integers, weights: Floats) -> Floats:
        """[V + 2] to some items together, each of its weight."""
        alike: Floats = self.words @ (weights @ self.words[items])
        return alike

    def nearest(self, items: Integers, weights: Floats, targets: Integers) -> Integers:
        """[targets] which of the items each is most like; 0 where there are none."""
        if len(items) == 0:
            return np.zeros(len(targets), dtype=np.int64)
        alike = (self.words[items] @ self.words[targets].T).toarray() * weights[:, None]
        nearest: Integers = items[alike.argmax(axis=0)]
        return nearest
