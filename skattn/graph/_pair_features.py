"""Structural features of pairs of nodes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._pair_kernels import pair_sums
from skattn.graph._pair_keys import Pairs

N_PAIRS = 1024
"""Number of pairs of which rows of matrices are held at once."""
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
    """(n_nodes, n_nodes) symmetric pattern."""
    forward: sp.csr_array | None
    """(n_nodes, n_nodes) 0/1, directed edges; None without direction."""
    backward: sp.csr_array | None
    """(n_nodes, n_nodes) their reverse."""
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
        backward = None if forward is None else forward.T.tocsr()
        return cls(adjacency, forward, backward, unit_rows)

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        """Compute the features of pairs, (n_pairs, n_pair_features)."""
        columns = [self._symmetric(pairs)]
        if self.forward is not None:
            directed = partial(_directed, (self.forward, self.backward))
            columns.append(_by_blocks(directed, pairs, N_DIRECTED))
        if self.unit_rows is not None:
            columns.append(_by_blocks(self._cosine, pairs, 1))
        return np.concatenate(columns, 1)

    def _symmetric(self, pairs: Pairs) -> NDArray[np.float64]:
        """Compute the features that ignore the direction of edges."""
        indptr, indices = self.adjacency.indptr, self.adjacency.indices
        degree = np.diff(indptr)
        # the features are symmetric: pairs share the walks of the more frequent end
        count = np.bincount(pairs.ravel(), minlength=len(degree))
        flip = count[pairs[:, 0]] < count[pairs[:, 1]]
        pairs = np.where(flip[:, None], pairs[:, ::-1], pairs)
        found = np.empty((len(pairs), N_SYMMETRIC))
        order = np.argsort(pairs[:, 0], kind="stable")
        pair_sums(indptr, indices, pairs, order, found)
        found[:, 3:5].sort(1)
        found[:, 6:] = np.sort(degree[pairs], 1)
        return found

    def _cosine(self, pairs: Pairs) -> NDArray[np.float64]:
        """Compute the cosine of the node features."""
        return _dot(self.unit_rows[pairs[:, 0]], self.unit_rows[pairs[:, 1]])[:, None]


def _directed(matrices: tuple[Any, Any], pairs: Pairs) -> NDArray[np.float64]:
    """Compute numbers of nodes between the ends by direction, and degrees."""
    first, second = pairs.T
    between = [_dot(a[first], b[second]) for a in matrices for b in matrices]
    degrees = [np.diff(m.indptr).astype(np.float64) for m in matrices]
    there, back = ([degree[ends] for degree in degrees] for ends in (first, second))
    return np.stack(between + there + back, 1)


def _by_blocks(
    compute: Callable[[Pairs], NDArray[np.float64]], pairs: Pairs, width: int
) -> NDArray[np.float64]:
    """Compute features of some pairs at a time, (n_pairs, width)."""
    found = np.empty((len(pairs), width))
    for start in range(0, len(pairs), N_PAIRS):
        block = slice(start, start + N_PAIRS)
        found[block] = compute(pairs[block])
    return found


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


def _dot(a: Any, b: Any) -> NDArray[np.float64]:
    """Compute the dot product of each row of two matrices."""
    if sp.issparse(a):
        return _row_sums(a.multiply(b).tocsr())
    return np.asarray(np.einsum("ij,ij->i", a, b), np.float64)
