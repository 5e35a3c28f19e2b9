"""Which features stay, judged on the training part: no constants, no near-copies, nothing that tells nothing."""

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES
from scoring.seen.normalisation import LIMIT, Normaliser, scaled

CONSTANT = 1e-6
"""Standard deviation on the scaled values below which a feature says nothing."""
COPY = 0.995
"""Absolute correlation above which the later of two features is a copy."""
RARE = 0.002
"""Share of questions for which a feature is defined and differs from its most common value."""
SAMPLE = 20_000


def fit_normaliser(raw: Floats, *, seed: int) -> Normaliser:
    """Selection and statistics of [P, F] raw features of the training part."""
    rows = np.random.default_rng(seed).permutation(len(raw))[:SAMPLE]
    values = scaled(raw)
    mean, deviation = _moments(values)
    standard = np.nan_to_num(np.clip((values[rows] - mean) / np.maximum(deviation, CONSTANT), -LIMIT, LIMIT))
    dropped = _silent(values[rows], deviation)
    dropped |= _copies(standard, dropped)
    kept = [place for place, name in enumerate(NAMES) if name not in dropped]
    return Normaliser(
        names=tuple(NAMES[place] for place in kept), mean=mean[kept], deviation=deviation[kept], dropped=dropped
    )


def _moments(values: Floats) -> tuple[Floats, Floats]:
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    variance = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count
    return mean, np.sqrt(variance)


def _silent(values: Floats, deviation: Floats) -> dict[str, str]:
    dropped = {}
    for place, name in enumerate(NAMES):
        known = values[~np.isnan(values[:, place]), place]
        if len(known) == 0:
            dropped[name] = "never defined in the training part"
        elif deviation[place] < CONSTANT:
            dropped[name] = f"always {known[0]:g} in the training part"
        elif (known != np.median(known)).sum() < RARE * len(values):
            dropped[name] = f"differs from its median in fewer than {RARE:.1%} of the training part"
    return dropped


def _copies(standard: npt.NDArray[np.float64], dropped: dict[str, str]) -> dict[str, str]:
    kept = [place for place, name in enumerate(NAMES) if name not in dropped]
    correlation = np.abs(np.corrcoef(standard[:, kept], rowvar=False)) if len(kept) > 1 else np.eye(len(kept))
    copies: dict[str, str] = {}
    for later in range(len(kept)):
        for earlier in range(later):
            if correlation[later, earlier] > COPY and NAMES[kept[earlier]] not in copies:
                copies[NAMES[kept[later]]] = f"copies {NAMES[kept[earlier]]}: correlation above {COPY}"
                break
    return copies
