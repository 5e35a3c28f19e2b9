"""What is bought together or soon after: a sparse matrix of items by items, and how popular each item is lately."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scoring.seen.actions import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """V items and 2 reserved numbers. Row i weighs the items that followed or accompanied item i."""

    weights: sparse.csr_matrix
    """[V + 2, V + 2] float32"""
    popular: Floats
    """[V + 2] orders of each item, recent ones counting more; largest 1."""

    def scores(self, items: Integers, weights: Floats) -> Floats:
        """[V + 2] for the items that a customer bought, each of its weight."""
        scores: Floats = weights @ self.weights[items]
        return scores

    def sources(self, items: Integers, weights: Floats, targets: Integers) -> Integers:
        """[targets] which of the customer's items speaks loudest for each; 0 where there are none."""
        if len(items) == 0:
            return np.zeros(len(targets), dtype=np.int64)
        said = self.weights[items][:, targets].toarray() * weights[:, None]
        loudest: Integers = items[said.argmax(axis=0)]
        return loudest

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """For the model folder: compressed sparse rows."""
        return {
            "together.starts": self.weights.indptr.astype(np.int64),
            "together.items": self.weights.indices.astype(np.int32),
            "together.weights": self.weights.data.astype(np.float32),
            "popular": self.popular.astype(np.float32),
        }


def nothing(items: int) -> Together:
    """Of V + 2 `items` that go with nothing."""
    return Together(weights=sparse.csr_matrix((items, items), dtype=np.float32), popular=np.zeros(items))


def together_from(arrays: dict[str, npt.NDArray[np.generic]], items: int) -> Together:
    """From the model folder; ValueError where the arrays do not make a matrix of `items` squared."""
    starts, columns, weights = (arrays[f"together.{part}"] for part in ("starts", "items", "weights"))
    matrix = sparse.csr_matrix((weights, columns, starts), shape=(items, items))
    matrix.check_format(full_check=True)
    popular = arrays["popular"].astype(np.float64)
    if popular.shape != (items,):
        raise ValueError(f"popular has shape {popular.shape}, expected ({items},)")
    return Together(weights=matrix, popular=popular)
