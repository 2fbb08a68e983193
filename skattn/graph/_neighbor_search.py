"""Search for the nearest rows of a table."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import NearestNeighbors


@dataclass(frozen=True, eq=False)
class NeighborSearch:
    """Index of the rows of a table, built at its first use."""

    rows: Any
    """(n_rows, n_features) array or CSR matrix, float32 or float64."""
    metric: str = "euclidean"
    """Name of a metric of scikit-learn's neighbour search."""
    n_jobs: int | None = None
    """Number of jobs of a search."""

    @property
    def n_rows(self) -> int:
        """Number of indexed rows."""
        return int(self.rows.shape[0])

    def nearest(self, X: Any, n_neighbors: int) -> NDArray[np.int64]:
        """Return the nearest indexed rows of new rows, (n_new, k), nearest first.

        k is `n_neighbors`, or the number of indexed rows if that is less.
        """
        k = min(n_neighbors, self.n_rows)
        if not X.shape[0] or not k:
            return np.empty((X.shape[0], k), dtype=np.int64)
        return self._query(X, k)

    def nearest_others(
        self, n_neighbors: int, of: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Return the nearest other rows of indexed rows, (n, k), nearest first.

        k is `n_neighbors`, or the number of other rows if that is less; `of` are the
        positions of the rows, None for all.
        """
        of = np.arange(self.n_rows) if of is None else of
        k = min(n_neighbors, self.n_rows - 1)
        if not len(of) or k < 1:
            return np.empty((len(of), max(k, 0)), dtype=np.int64)
        X = self.rows if len(of) == self.n_rows else self.rows[of]
        return _without_itself(self._query(X, k + 1), of)

    @cached_property
    def _index(self) -> NearestNeighbors:
        return NearestNeighbors(metric=self.metric, n_jobs=self.n_jobs).fit(self.rows)

    def _query(self, X: Any, k: int) -> NDArray[np.int64]:
        X = X.astype(np.promote_types(X.dtype, self.rows.dtype), copy=False)
        found: NDArray[np.int64] = self._index.kneighbors(X, k, return_distance=False)
        return found


def equal_values(left: Any, right: Any) -> bool:
    """Return whether two matrices of one sparsity pattern hold the same numbers."""
    if sparse.issparse(left):
        left, right = left.data, right.data
    return bool(np.array_equal(left, right))


def as_float32(X: Any) -> Any:
    """Return an array or sparse matrix in float32, the same object if it is."""
    with np.errstate(over="ignore"):
        return X.astype(np.float32, copy=False)


def _without_itself(
    found: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return (n, k + 1) neighbours of rows as (n, k), without each row itself.

    The first neighbour is left out where as many duplicates hide the row.
    """
    others = found != rows[:, None]
    others[others.all(axis=1), 0] = False
    kept: NDArray[np.int64] = found[others].reshape(len(found), -1)
    return kept
