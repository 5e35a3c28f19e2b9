"""Draws of some texts: where they are few what is best differs between draws, and the mean keeps to the middle."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

DRAWS = 50


def draws(texts: int, *, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """As many of so many texts, some of them more than once."""
    random = np.random.default_rng(seed)
    for _ in range(DRAWS):
        yield random.integers(texts, size=texts)
