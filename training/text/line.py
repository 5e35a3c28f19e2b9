"""Which label is said of a text, by the chances of all of them.

Whoever says the likeliest label says rare ones too seldom for a report that counts all labels alike. So chances are
divided by a power of how frequent each label is (logit adjustment, Menon et al. 2021): 0 says the likeliest, 1 the one
that is likelier than usual by most. One number, whatever the number of labels, and so little to be wrong about.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import f1_score

from scoring.seen.actions import Floats, Integers
from training.text.draws import draws

POWERS = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class Line:
    """Where it is drawn between K labels."""

    offsets: Floats
    """[K], added to the logs of the chances."""

    def said(self, chances: Floats) -> Integers:
        """[N] labels by [N, K] logs of chances."""
        found: Integers = (chances + self.offsets).argmax(axis=1)
        return found

    @property
    def threshold(self) -> float | None:
        """The chance of the second of two labels from which on it is said."""
        if len(self.offsets) > 2:  # noqa: PLR2004  # more labels have no single one
            return None
        return float(1 / (1 + np.exp(self.offsets[1] - self.offsets[0])))


def best_line(labels: Integers, chances: Floats, *, seed: int) -> Line:
    """Of the highest macro F1 on these texts: the mean of what is best in draws of them, for few texts tell little."""
    count = chances.shape[1]
    log_shares = np.log((np.bincount(labels, minlength=count) + 1) / (len(labels) + count))
    said = [Line(-power * log_shares).said(chances) for power in POWERS]
    best = list[float]()
    for drawn in draws(len(labels), seed=seed):
        scores = np.array([_macro_f1(labels[drawn], each[drawn], count) for each in said])
        best.append(float(POWERS[scores == scores.max()].mean()))
    return Line(-float(np.mean(best)) * log_shares)


def _macro_f1(labels: Integers, said: Integers, count: int) -> float:
    return float(f1_score(labels, said, labels=range(count), average="macro", zero_division=0.0))
