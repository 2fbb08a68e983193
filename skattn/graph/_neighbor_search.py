"""Search for the nearest rows of a table."""

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import VALID_METRICS

from skattn.graph._approximate_neighbors import (
    METRICS,
    ApproximateIndex,
    is_available,
)
from skattn.graph._arguments import check_choice
from skattn.graph._cells import CellIndex
from skattn.graph._exact_neighbors import ExactIndex

SearchMethod = Literal["auto", "exact", "approximate"]

SEARCH_METHODS: tuple[SearchMethod, ...] = ("auto", "exact", "approximate")

EXACT_METRICS = tuple(
    sorted({*chain(*VALID_METRICS.values())} - {"p", "precomputed", "pyfunc"})
)
"""Names of metrics of scikit-learn's neighbour search."""

MAX_JOBS = 1000

EXACT_UP_TO_ROWS = 1000
"""Number of rows up to which "approximate" is exact."""

AUTO_APPROXIMATE_ROWS = 100_000
"""Number of rows from which "auto" is approximate, of dense tables."""

AUTO_APPROXIMATE_COLUMNS = 8
"""Number of columns from which it is: an exact search is fast with fewer."""

CELLS_FROM_COLUMNS = 6
"""Number of columns from which cells are faster than trees, of dense tables."""


@dataclass(frozen=True, eq=False)
class NeighborSearch:
    """Index of the rows of a table, built at its first use."""

    rows: Any
    """(n_rows, n_features) array or CSR matrix, float32 or float64."""
    n_neighbors: int
    """Number of neighbours of a row."""
    method: SearchMethod = "auto"
    """Exact or approximate; "auto" decides by size if pynndescent is installed."""
    metric: str = "euclidean"
    """Name of a metric of scikit-learn's neighbour search."""
    n_jobs: int | None = None
    """Number of jobs of a search by trees or of another metric."""

    @property
    def n_rows(self) -> int:
        """Number of indexed rows."""
        return int(self.rows.shape[0])

    @property
    def is_approximate(self) -> bool:
        """Whether the search is approximate."""
        if self.method == "exact" or self.n_rows <= EXACT_UP_TO_ROWS:
            return False
        return self.method == "approximate" or (
            self.n_rows >= AUTO_APPROXIMATE_ROWS
            and self.rows.shape[1] >= AUTO_APPROXIMATE_COLUMNS
            and not sparse.issparse(self.rows)
            and self.metric in METRICS
            and is_available()
        )

    def nearest(self, X: Any) -> NDArray[np.int64]:
        """Return the nearest indexed rows of new rows, (n_new, k), nearest first.

        k is `n_neighbors`, or the number of indexed rows if that is less.
        """
        k = min(self.n_neighbors, self.n_rows)
        if sparse.issparse(X) and not sparse.issparse(self.rows):
            X = X.toarray()
        if not X.shape[0] or not k:
            return np.empty((X.shape[0], k), dtype=np.int64)
        check_magnitude(X)
        if self.is_approximate:
            return self._approximate.query(X, k)
        return self._exact.query(X, k)[1]

    def nearest_others(self, of: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the nearest other rows of indexed rows, (n, k), nearest first.

        k is `n_neighbors`, or the number of other rows if that is less; `of` are the
        positions of the rows, None for all.
        """
        every = of is None
        of = np.arange(self.n_rows) if of is None else of
        k = min(self.n_neighbors, self.n_rows - 1)
        if not len(of) or k < 1:
            return np.empty((len(of), max(k, 0)), dtype=np.int64)
        if self.is_approximate:
            return _without_itself(self._approximate.neighbors(of, k + 1), of)
        X = self.rows if every else self.rows[of]
        return _without_itself(self._exact.query(X, k + 1)[1], of)

    @cached_property
    def _exact(self) -> CellIndex | ExactIndex:
        check_magnitude(self.rows)
        is_dense = not sparse.issparse(self.rows)
        is_wide = self.rows.shape[1] >= CELLS_FROM_COLUMNS
        if is_dense and is_wide and self.metric in ("euclidean", "l2"):
            return CellIndex.of(self.rows, self.n_neighbors + 1)
        return ExactIndex(self.rows, self.metric, self.n_jobs)

    @cached_property
    def _approximate(self) -> ApproximateIndex:
        return ApproximateIndex(self.rows, self.n_neighbors, self.metric)


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


def check_magnitude(X: Any) -> None:
    """Raise ValueError if squared distances of rows may overflow."""
    is_sparse = sparse.issparse(X)
    values = X.data if is_sparse else X
    # dense rows are compared in float64
    dtype = np.float32 if is_sparse and X.dtype == np.float32 else np.float64
    limit = float(np.sqrt(np.finfo(dtype).max / (4 * max(X.shape[1], 1))))
    largest = max(float(values.max(initial=0)), -float(values.min(initial=0)))
    if largest > limit:
        raise ValueError(
            f"A neighbour search needs numbers up to {limit:.0e}, whose squares do not "
            f"overflow, got {largest:.3g}. Scale the columns of X, or use NaN and an "
            "imputer in place of a fill value."
        )


def check_jobs(n_jobs: Any) -> None:
    """Raise ValueError unless a number of jobs is None or a whole number but 0."""
    whole = isinstance(n_jobs, int | np.integer) and -MAX_JOBS <= n_jobs <= MAX_JOBS
    if n_jobs is not None and not (whole and n_jobs):
        raise ValueError(
            f"n_jobs must be None or a whole number up to {MAX_JOBS} but 0, got "
            f"{n_jobs!r}. Use -1 for all processors."
        )


def check_search(method: Any, metric: str) -> None:
    """Raise ValueError or ImportError unless a search of this method is possible."""
    check_choice(method, SEARCH_METHODS, "neighbor_search")
    check_choice(metric, EXACT_METRICS, "metric")
    if method != "approximate":
        return
    if metric not in METRICS:
        raise ValueError(
            f"neighbor_search='approximate' needs a metric of {METRICS}, got "
            f"{metric!r}. Use neighbor_search='exact' for other metrics."
        )
    if not is_available():
        raise ImportError(
            "neighbor_search='approximate' needs pynndescent, which is not installed. "
            "Use pip install 'skattn[neighbors]', or neighbor_search='exact'."
        )
