"""The plain rival, and a member of the mixture: a logistic regression on words and pairs of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

Floats = npt.NDArray[np.float64]

FEWEST_TEXTS = 2
"""That hold a word or pair which counts."""
LOOSENESS = 5.0
"""Inverse of the penalty on the weights."""


@dataclass(frozen=True, slots=True)
class Ngrams:
    """Sublinear TF-IDF of words and pairs, and one weight for each."""

    vocabulary: dict[str, int]
    frequency: Floats
    """[n] inverse document frequency."""
    weight: Floats
    """[n]"""
    bias: float

    def logits(self, texts: Sequence[str]) -> Floats:
        """[N] of the second label."""
        reader = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, vocabulary=self.vocabulary)
        reader.idf_ = self.frequency
        found: Floats = reader.transform(texts) @ self.weight + self.bias
        return found

    def to_json(self) -> dict[str, Any]:
        """Words in the order of their numbers; arrays are kept apart."""
        return {"words": sorted(self.vocabulary, key=self.vocabulary.__getitem__), "bias": self.bias}

    @classmethod
    def from_parts(cls, value: dict[str, Any], frequency: Floats, weight: Floats) -> Self:
        """From what `to_json` wrote and the arrays."""
        words = {str(word): number for number, word in enumerate(value["words"])}
        return cls(words, frequency, weight, float(value["bias"]))


def fit_ngrams(texts: Sequence[str], labels: npt.NDArray[np.int64]) -> Ngrams:
    """Of two labels, 0 and 1."""
    reader = TfidfVectorizer(ngram_range=(1, 2), min_df=min(FEWEST_TEXTS, len(texts)), sublinear_tf=True)
    counted = reader.fit_transform(texts)
    linear = LogisticRegression(C=LOOSENESS, solver="liblinear").fit(counted, labels)
    vocabulary = {word: int(number) for word, number in reader.vocabulary_.items()}
    return Ngrams(vocabulary, reader.idf_.copy(), linear.coef_[0].copy(), float(linear.intercept_[0]))
