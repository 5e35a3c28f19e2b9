"""Which items foretell which, each beside all others at once: where tastes are many and order says little.

A ridge regression of every item on all the others (EASE: H. Steck, "Embarrassingly shallow autoencoders for sparse
data", WWW 2019), of which what speaks for an item is kept. Counts let each of ten alike films say the same ten times.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import lapack

RIDGE = 300.0
MOST_ITEMS = 4096
"""Its square is what is held a few times, and its cube what it costs: 200 MB and two seconds."""


def regressed(had: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    """[V, V] how much each item of the rows speaks for those of the columns; `had` [C, V] is 1 where a customer did."""
    gram = np.asfortranarray((had.T @ had).toarray(), dtype=np.float32)
    np.fill_diagonal(gram, gram.diagonal() + RIDGE)
    factor, _ = lapack.spotrf(gram, lower=True, overwrite_a=True)
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    weights: npt.NDArray[np.float32] = np.tril(inverse, -1)
    weights += weights.T
    weights /= -inverse.diagonal()
    np.maximum(weights, 0.0, out=weights)
    return weights
