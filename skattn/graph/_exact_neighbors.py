"""Exact neighbour search by trees or brute force."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

Found = tuple[NDArray[np.float64], NDArray[np.int64]]
"""Distances and positions of neighbours, (n, k) each, nearest first."""

CANCELLED = 1e-8
"""Squared distance, relative to the squared norm of a row, below which the sum
``x·x - 2 x·y + y·y`` of a brute-force search has lost its digits."""

BLOCK_NUMBERS = 2**23
"""Distances computed at once by differences, 64 MB."""


@dataclass(frozen=True, eq=False)
class ExactIndex:
    """Tree or plain rows, as scikit-learn chooses by size, columns and metric."""

    rows: Any
    """(n_rows, n_features) array or CSR matrix, float32 or float64."""
    metric: str
    n_jobs: int | None = None
    algorithm: str = "auto"

    def query(self, X: Any, k: int) -> Found:
        """Return the k nearest rows of each row of X."""
        X = X.astype(np.promote_types(X.dtype, self.rows.dtype), copy=False)
        distances, found = self._index.kneighbors(X, k)
        if self._by_products:
            doubtful = self._doubtful(X, distances, found)
            for rows in _blocks(doubtful, len(self.rows)):
                exact = _smallest(cdist(X[rows], self.rows), k)
                distances[rows], found[rows] = exact
        return distances, found

    @cached_property
    def _index(self) -> NearestNeighbors:
        return NearestNeighbors(
            algorithm=self.algorithm, metric=self.metric, n_jobs=self.n_jobs
        ).fit(self.rows)

    @property
    def _by_products(self) -> bool:
        """Whether distances are computed from scalar products of dense rows."""
        is_brute = self._index._fit_method == "brute"
        is_dense = not sparse.issparse(self.rows)
        return is_brute and is_dense and self.metric in ("euclidean", "l2")

    def _doubtful(
        self, X: Any, distances: NDArray[Any], found: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the positions of rows with neighbours within the rounding errors."""
        norms = np.einsum("ij,ij->i", X, X, dtype=np.float64)
        near = np.flatnonzero(distances[:, -1] ** 2 < CANCELLED * norms)
        differs = np.zeros(len(near), dtype=bool)
        for neighbor in found[near].T:  # equal rows are certain
            differs |= (X[near] != self.rows[neighbor]).any(axis=1)
        return near[differs]


def _blocks(rows: NDArray[np.int64], n_distances: int) -> list[NDArray[np.int64]]:
    size = max(1, BLOCK_NUMBERS // n_distances)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _smallest(distances: NDArray[np.float64], k: int) -> Found:
    """Return the k smallest entries of each row and their columns, ascending."""
    columns = np.argpartition(distances, k - 1, axis=1)[:, :k]
    values = np.take_along_axis(distances, columns, axis=1)
    order = np.lexsort((columns, values), axis=1)
    return (
        np.take_along_axis(values, order, axis=1),
        np.take_along_axis(columns, order, axis=1),
    )


def _limit_openmp() -> None:
    """Limit scikit-learn's OpenMP to the calling thread.

    With more, GNU's OpenMP hangs in a forked child if its parent used it.
    """
    threadpool_limits(1, user_api="openmp")


os.register_at_fork(after_in_child=_limit_openmp)
