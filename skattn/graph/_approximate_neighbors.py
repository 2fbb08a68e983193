"""Approximate neighbour search by pynndescent (Dong et al. 2011)."""

import os
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from threading import RLock
from typing import Any, ClassVar

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._exact_neighbors import ExactIndex
from skattn.graph._precision import as_float32, n_distinct
from skattn.graph._warning import warn

METRICS = ("euclidean", "l2", "manhattan", "l1", "cosine", "chebyshev")
"""Metrics of the same name and meaning in scikit-learn and pynndescent."""

MIN_RECALL = 0.95
"""Recall at which no more neighbours are searched."""

GRAPH_FACTORS = (1.5, 3.0, 6.0)
"""Neighbours per row of the searched graph, relative to those required."""

EPSILON = 0.4
"""How much farther than the best neighbours a search for new rows looks."""

N_SAMPLE = 200
"""Rows for which the recall is measured by brute force."""

SEED = 0

_LOCK = RLock()  # parallel loops of numba must not be entered by two threads


def is_available() -> bool:
    """Return whether pynndescent is installed."""
    return find_spec("pynndescent") is not None


@dataclass(frozen=True, eq=False)
class ApproximateIndex:
    """Graph of near neighbours, in which a search descends.

    The descent runs in one thread from a fixed seed: its result depends on the rows
    alone.
    """

    rows: Any
    """(n_rows, n_features) array or CSR matrix, float32 or float64."""
    n_neighbors: int
    """Number of other rows for which the recall is measured."""
    metric: str
    process: ClassVar[int | None] = None
    """Id of the process that first built an index."""

    @property
    def recall(self) -> float:
        """Share of the nearest other rows that are found, of a sample of the rows."""
        return self._descent[1]

    def neighbors(self, of: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Return near rows of indexed rows, themselves among them, (n, k)."""
        found = self._descent[0].neighbor_graph[0][of, :k]
        return self._completed(self.rows[of], found)

    def query(self, X: Any, k: int) -> NDArray[np.int64]:
        """Return near rows of each row of X, (n, k)."""
        with _LOCK:
            found, _ = self._descent[0].query(self._as_searched(X), k, epsilon=EPSILON)
        return self._completed(X, found)

    @cached_property
    def _descent(self) -> tuple[Any, float]:
        """Index of pynndescent, of the smallest graph with enough recall, and that."""
        with _LOCK:
            _check_process()
            searched = self._as_searched(self.rows)
            self._warn_of_equal_rows(searched)
            for factor in GRAPH_FACTORS:
                index = self._built(searched, int(np.ceil(factor * self.n_neighbors)))
                recall = self._measured_recall(index)
                if recall >= MIN_RECALL:
                    break
            else:
                _warn_of_recall(recall)
            index.prepare()  # leaves queries without parallel loops
            return index, recall

    def _built(self, searched: Any, n_neighbors: int) -> Any:
        from pynndescent import NNDescent

        return NNDescent(
            searched,
            metric=self.metric,
            n_neighbors=min(n_neighbors + 1, len(searched)),
            random_state=SEED,
            n_jobs=1,
        )

    def _measured_recall(self, index: Any) -> float:
        """Return the recall of a sample; rows at equal distances count alike."""
        sample = np.linspace(0, self.rows.shape[0] - 1, N_SAMPLE).astype(np.int64)
        exact = ExactIndex(self.rows, self.metric, algorithm="brute")
        k = self.n_neighbors + 1
        farthest = exact.query(self.rows[sample], k)[0][:, -1:]
        is_near = index.neighbor_graph[1][sample, :k] <= farthest * (1 + 1e-5)
        return float((is_near.sum(axis=1) - 1).mean() / self.n_neighbors)

    @cached_property
    def _center(self) -> Any:
        """Mean of the columns: float32 resolves most around 0."""
        if sparse.issparse(self.rows) or self.metric == "cosine":
            return 0.0
        return self.rows.mean(axis=0, dtype=np.float64)

    def _as_searched(self, X: Any) -> Any:
        return as_float32(X if sparse.issparse(X) else X - self._center)

    def _warn_of_equal_rows(self, searched: Any) -> None:
        if sparse.issparse(searched) or self.rows.dtype == np.float32:
            return
        n_equal = n_distinct(self.rows) - n_distinct(searched)
        if n_equal:
            warn(
                f"{n_equal} rows differ from others by less than float32 resolves, in "
                "which approximate neighbours are searched. Scale the columns "
                "(StandardScaler), or search with neighbor_search='exact'.",
            )

    def _completed(self, X: Any, found: NDArray[Any]) -> NDArray[np.int64]:
        """Return the neighbours, searched exactly for rows that lack some."""
        found = found.astype(np.int64)
        lacking = np.flatnonzero((found < 0).any(axis=1))
        if len(lacking):
            exact = ExactIndex(self.rows, self.metric, algorithm="brute")
            found[lacking] = exact.query(X[lacking], found.shape[1])[1]
        return found


def _warn_of_recall(recall: float) -> None:
    warn(
        f"The approximate neighbour search found {recall:.0%} of the nearest rows "
        f"(of a sample of {N_SAMPLE}), less than {MIN_RECALL:.0%}: the columns are "
        "many and hardly correlated. Reduce them (PCA), or search with "
        "neighbor_search='exact'.",
    )


def _check_process() -> None:
    """Raise RuntimeError in a fork, in which numba's OpenMP would end the process."""
    first = ApproximateIndex.process
    if first in (None, os.getpid()):
        ApproximateIndex.process = os.getpid()
    elif numba.threading_layer() == "omp":
        raise RuntimeError(
            "An approximate neighbour search must not start in a forked process after "
            f"one in its parent (process {first}). Start processes by 'spawn' or with "
            "joblib's default backend, or search with neighbor_search='exact'."
        )
