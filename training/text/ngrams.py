"""The plain rival, and a member of the mixture: a logistic regression on words and pairs of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from scipy.special import log_expit, log_softmax
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from scoring.seen.actions import Floats, Integers

FEWEST = 2
"""People who use a word or pair that counts: what one alone says may name them, and the words are kept."""
LOOSENESS = 5.0
"""Inverse of the penalty on the weights."""
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Chinese characters and Japanese syllables, between whose words stands no space."""
WORD = rf"(?u)[{UNSPACED}]|(?:(?![{UNSPACED}])\w){{2,}}"
"""Each of those characters, or letters and figures that stand together."""
READING: dict[str, Any] = {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": WORD}
NOTHING = "\0"
"""A word that no text has, for texts in which no word counts."""


@dataclass(frozen=True, slots=True)
class Ngrams:
    """Sublinear TF-IDF of words and pairs, and one weight for each."""

    vocabulary: dict[str, int]
    frequency: Floats
    """[n] inverse document frequency."""
    weight: Floats
    """[L, n]; L is 1 for two labels, of the second, and otherwise a row for each label against the others."""
    bias: Floats
    """[L]"""

    def chances(self, texts: Sequence[str]) -> Floats:
        """[N, K] logs of the chances of K labels."""
        reader = TfidfVectorizer(**READING, vocabulary=self.vocabulary)
        reader.idf_ = self.frequency
        found = reader.transform(texts) @ self.weight.T + self.bias
        said = log_expit(np.hstack([-found, found]) if len(self.bias) == 1 else found)
        shared: Floats = log_softmax(said, axis=1)
        return shared

    def to_json(self) -> dict[str, Any]:
        """Words in the order of their numbers; arrays are kept apart."""
        return {"words": sorted(self.vocabulary, key=self.vocabulary.__getitem__), "bias": self.bias.tolist()}

    @classmethod
    def from_parts(cls, value: dict[str, Any], frequency: Floats, weight: Floats) -> Self:
        """From what `to_json` wrote and the arrays."""
        words = {str(word): number for number, word in enumerate(value["words"])}
        return cls(words, frequency, weight, np.array(value["bias"], dtype=np.float64))


def fit_ngrams(texts: Sequence[str], labels: Integers, count: int, people: Integers | None = None) -> Ngrams:
    """Of labels 0 to count - 1, each of which some text has; [N] people, each text somebody else's where it is None."""
    words, said = _counted(texts, np.arange(len(texts)) if people is None else people)
    weighed = TfidfTransformer(sublinear_tf=READING["sublinear_tf"])
    counted = weighed.fit_transform(said)
    fits = [
        LogisticRegression(C=LOOSENESS, solver="liblinear").fit(counted, labels == label)
        for label in (range(count) if count > 2 else (1,))  # noqa: PLR2004  # of two labels each tells the other
    ]
    return Ngrams(
        {word: number for number, word in enumerate(words)}, weighed.idf_.copy(),
        np.vstack([fit.coef_ for fit in fits]), np.concatenate([fit.intercept_ for fit in fits]),
    )  # fmt: skip


def _counted(texts: Sequence[str], people: Integers) -> tuple[list[str], Any]:
    """Words and pairs that FEWEST people use, and how often each text [N] says them."""
    reader = CountVectorizer(ngram_range=READING["ngram_range"], token_pattern=READING["token_pattern"])
    try:
        said = reader.fit_transform(texts)
    except ValueError:  # there is no word at all
        return [NOTHING], sparse.csr_matrix((len(texts), 1))
    of, whose = np.unique(people, return_inverse=True)
    told = sparse.csr_matrix((np.ones(len(texts)), (whose, np.arange(len(texts)))), (len(of), len(texts))) @ said
    users = np.bincount(told.tocsr().indices, minlength=said.shape[1])
    shared = np.flatnonzero(users >= FEWEST)
    if not len(shared):
        return [NOTHING], sparse.csr_matrix((len(texts), 1))
    return reader.get_feature_names_out()[shared].tolist(), said[:, shared]
