"""Structural features of pairs of nodes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._pair_keys import Pairs

N_PAIRS = 1024
"""Number of pairs whose features are computed at once."""
MAX_DENSITY = 0.05
"""Share of filled entries above which walks are held as dense rows."""
N_SYMMETRIC, N_DIRECTED = 8, 8
"""Number of features that ignore the direction of edges, and of those that do not."""


@dataclass(frozen=True, eq=False)
class PairFeatures:
    """Structural features of pairs in one graph, in which they have no edge.

    Features are common neighbours, their Adamic-Adar and resource allocation sums, the
    probability that a random walk of two steps from one node and one of one step from
    the other meet (the smaller and the larger of both ways), that two walks of two
    steps meet, the smaller and the larger degree, and, with node features, their
    cosine. With direction, the numbers of nodes between the two nodes by direction of
    both edges, and in- and out-degrees, are added.
    """

    adjacency: sp.csr_array
    """(n_nodes, n_nodes) 0/1, symmetric."""
    walk: sp.csr_array
    """(n_nodes, n_nodes) transition probabilities of a random walk."""
    degree: NDArray[np.float64]
    """(n_nodes,) number of neighbours."""
    forward: sp.csr_array | None
    """(n_nodes, n_nodes) 0/1, directed edges; None without direction."""
    unit_rows: Any
    """(n_nodes, n_features) node features of norm 1, or None."""

    @classmethod
    def of(
        cls,
        adjacency: sp.csr_array,
        forward: sp.csr_array | None = None,
        unit_rows: Any = None,
    ) -> "PairFeatures":
        """Prepare the features of a symmetric pattern and of directed edges."""
        degree = np.diff(adjacency.indptr).astype(np.float64)
        step = np.repeat(1 / np.maximum(degree, 1), np.diff(adjacency.indptr))
        parts = adjacency.indices, adjacency.indptr
        ones = np.ones(adjacency.nnz, np.float32)
        binary = sp.csr_array((ones, *parts), shape=adjacency.shape)
        step = step.astype(np.float32)
        walk = sp.csr_array((step, *parts), shape=adjacency.shape)
        return cls(binary, walk, degree, forward, unit_rows)

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        """Compute the features of pairs, (n_pairs, n_pair_features)."""
        starts = range(0, len(pairs), N_PAIRS)
        blocks = [self._block(pairs[start : start + N_PAIRS]) for start in starts]
        return np.concatenate(blocks)

    def _block(self, pairs: Pairs) -> NDArray[np.float64]:
        columns = self._symmetric(pairs)
        if self.forward is not None:
            columns += self._directed(self.forward, pairs)
        if self.unit_rows is not None:
            columns.append(
                _dot(self.unit_rows[pairs[:, 0]], self.unit_rows[pairs[:, 1]])
            )
        return np.stack(columns, 1)

    def _symmetric(self, pairs: Pairs) -> list[NDArray[np.float64]]:
        """Compute the features that ignore the direction of edges."""
        first, second = pairs.T
        degree = self.degree
        common = self.adjacency[first].multiply(self.adjacency[second]).tocsr()
        nodes, place = np.unique(pairs, return_inverse=True)
        two_steps = _rows(self.walk[nodes] @ self.walk)
        one_step = self.walk[nodes]
        if not sp.issparse(two_steps):
            one_step = one_step.toarray()
        first_row, second_row = place.reshape(pairs.shape).T
        from_first, from_second = two_steps[first_row], two_steps[second_row]
        there = _dot(from_first, one_step[second_row])
        back = _dot(from_second, one_step[first_row])
        return [
            _row_sums(common),
            common @ (1 / np.log(np.maximum(degree, 2))),
            common @ (1 / np.maximum(degree, 1)),
            np.minimum(there, back),
            np.maximum(there, back),
            _dot(from_first, from_second),
            np.minimum(degree[first], degree[second]),
            np.maximum(degree[first], degree[second]),
        ]

    @staticmethod
    def _directed(forward: sp.csr_array, pairs: Pairs) -> list[NDArray[np.float64]]:
        """Compute numbers of nodes between the ends by direction, and degrees."""
        first, second = pairs.T
        backward = forward.T.tocsr()
        between = [
            _dot(a[first], b[second])
            for a in (forward, backward)
            for b in (forward, backward)
        ]
        degrees = [np.diff(m.indptr).astype(np.float64) for m in (forward, backward)]
        return between + [
            degree[ends] for ends in (first, second) for degree in degrees
        ]


def unit_rows(X: Any) -> Any:
    """Scale rows of node features to norm 1; rows of zeros are kept."""
    if sp.issparse(X):
        X = sp.csr_array(X, dtype=np.float64)
        norm = np.sqrt(_row_sums(X.multiply(X).tocsr()))
        scale = np.repeat(1 / np.where(norm > 0, norm, 1), np.diff(X.indptr))
        return sp.csr_array((X.data * scale, X.indices, X.indptr), shape=X.shape)
    X = np.asarray(X, np.float64)
    norm = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(norm > 0, norm, 1)


def _row_sums(matrix: sp.csr_array) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.asarray(matrix.sum(1), np.float64).ravel()
    return sums


def _rows(matrix: sp.csr_array) -> Any:
    """Return a matrix as an array if hubs fill it, which is faster then."""
    filled = matrix.nnz > MAX_DENSITY * matrix.shape[0] * matrix.shape[1]
    return matrix.toarray() if filled else matrix.tocsr()


def _dot(a: Any, b: Any) -> NDArray[np.float64]:
    """Compute the dot product of each row of two matrices."""
    if sp.issparse(a):
        return _row_sums(a.multiply(b).tocsr())
    return np.asarray(np.einsum("ij,ij->i", a, b), np.float64)
