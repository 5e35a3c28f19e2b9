"""Where item vectors begin: where being bought together puts them.

Random ones learn hardly more than what is popular for a dozen of epochs. The vectors are those whose products come
nearest to the positive pointwise mutual information of items (Levy and Goldberg 2014), by iterating a random subspace.
"""

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import nn

from scoring.networks.network import Network
from scoring.seen.catalogue import UNKNOWN
from training.recommending.pairing import ROWS, Pairs

ITERATIONS = 6
SPARE = 8
"""Dimensions iterated beyond those that are wanted."""
SPREAD = 0.2
"""Standard deviation of a vector's numbers; what else a token says begins quieter."""
QUIET = 0.1


def begin(network: Network, pairs: Pairs, seed: int) -> None:
    """Let a fresh network rank by what goes with the latest item; it stays random where nothing goes together."""
    vectors = vectors_of(pairs, network.shape.width, seed)
    if not vectors.any():
        return
    with torch.no_grad():
        network.items.own.weight[UNKNOWN + 1 :] = torch.from_numpy(vectors[UNKNOWN + 1 :])
        for weight in (network.items.words.weight, network.kind.weight, network.numbers.mix.weight):
            weight.mul_(QUIET)
        network.item_bias.weight[:, 0] = torch.from_numpy(np.log1p(pairs.seen))
    nn.init.eye_(network.next_item.weight)
    nn.init.zeros_(network.next_item.bias)


def vectors_of(pairs: Pairs, width: int, seed: int) -> npt.NDArray[np.float32]:
    """[V + 2, width] of standard deviation SPREAD; zeros where nothing is bought together."""
    table, random = _information(pairs), np.random.default_rng(seed)
    basis = random.standard_normal((table.shape[0], min(width + SPARE, table.shape[0])))
    for _ in range(ITERATIONS):
        basis, _ = np.linalg.qr(table @ basis)
    values, turns = np.linalg.eigh(basis.T @ (table @ basis))
    best = np.argsort(-values)[:width]
    vectors = np.zeros((table.shape[0], width), dtype=np.float32)
    vectors[:, : len(best)] = (basis @ turns[:, best]) * np.sqrt(np.maximum(values[best], 0.0))
    spread = float(vectors.std())
    return vectors * np.float32(SPREAD / spread) if spread > 0 else vectors


def _information(pairs: Pairs) -> sparse.csr_matrix:
    """[V + 2, V + 2] how much likelier two items are together than by chance, in logarithms, where they are."""
    both = sparse.csr_matrix(pairs.after + pairs.before)
    both = sparse.csr_matrix(both + both.T)
    count = np.asarray(both.sum(axis=0), dtype=np.float64).ravel()
    parts = [_likelier(both[start : start + ROWS], count, start) for start in range(0, len(count), ROWS)]
    return sparse.csr_matrix(sparse.vstack(parts, format="csr"))


def _likelier(both: sparse.csr_matrix, count: npt.NDArray[np.float64], start: int) -> sparse.csr_matrix:
    """The rows from `start` on."""
    of_row = np.repeat(count[start : start + both.shape[0]], np.diff(both.indptr))
    apart = of_row * count[both.indices] / max(count.sum(), 1.0)
    likelier = np.log(np.maximum(both.data / np.maximum(apart, 1e-12), 1.0))
    found = sparse.csr_matrix((likelier, both.indices, both.indptr), shape=both.shape)
    found.eliminate_zeros()
    return found
