"""Statistics over the ends of walks from every node of a graph."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.preprocessing._hop_kernels import extremes_of_senders, squared_gaps

BLOCK = 32
"""Number of columns computed at once, which bounds the memory beside the result."""

ROUNDING = 1e-12
"""Variance of sparse columns, relative to the squared mean, below which it is 0."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HopStatistics:
    """Statistics over the ends of the walks of k edges from every node.

    Walks that end at an unknown value do not count. A field is None if it is not asked
    for.
    """

    mass: Floats
    """(n_nodes, n_columns) or (n_nodes, 1) probability of an end with a known value."""
    mean: Floats
    """(n_nodes, n_columns), 0 where the mass is."""
    variance: Floats | None = None
    """(n_nodes, n_columns), 0 where the mass is."""
    low: Floats | None = None
    """(n_nodes, n_columns) smallest value, infinite where the mass is 0."""
    high: Floats | None = None
    """(n_nodes, n_columns) largest value, infinite where the mass is 0."""

    @classmethod
    def of_values(cls, values: Floats, statistics: Collection[str]) -> "HopStatistics":
        """Return the statistics of walks without edges; NaN is unknown."""
        missing = np.isnan(values)
        mass = np.ones((len(values), 1))
        if missing.any():
            mass, values = (~missing).astype(np.float64), np.where(missing, 0, values)
        return cls(
            mass,
            values,
            variance=np.zeros_like(values) if "std" in statistics else None,
            low=values if "min" in statistics else None,
            high=values if "max" in statistics else None,
        )

    def next(self, step: sparse.csr_array) -> "HopStatistics":
        """Return the statistics of walks with one more edge, at their start.

        `step` is the transition matrix from receivers to senders.
        """
        mass = step @ self.mass
        total = np.where(mass > 0, mass, 1)
        mean = step @ (self.mass * self.mean) / total
        return HopStatistics(
            mass,
            mean,
            variance=self._mixed_variance(step, mean, total),
            low=self._extreme(step, self.low, -1.0),
            high=self._extreme(step, self.high, 1.0),
        )

    def column(self, statistic: str) -> Any:
        """Return the values (n_nodes, n_columns) of a statistic by its name."""
        if statistic == "std" and self.variance is not None:
            return np.sqrt(self.variance)
        return {"mean": self.mean, "min": self.low, "max": self.high}[statistic]

    def _mixed_variance(
        self, step: sparse.csr_array, mean: Floats, total: Floats
    ) -> Floats | None:
        """Return the mean of variances and the variance of means, in sum."""
        if self.variance is None:
            return None
        gaps = squared_gaps(
            step.indptr, step.indices, step.data, self._all_masses(), self.mean, mean
        )
        variance: Floats = (step @ (self.mass * self.variance) + gaps) / total
        return variance

    def _extreme(
        self, step: sparse.csr_array, values: Floats | None, sign: float
    ) -> Floats | None:
        if values is None:
            return None
        found: Floats = extremes_of_senders(
            step.indptr, step.indices, self._all_masses(), values, sign
        )
        return found

    def _all_masses(self) -> Floats:
        """Return the mass of every column, without copies of a common one."""
        return np.broadcast_to(self.mass, self.mean.shape)


def over_hops(
    adjacency: sparse.csr_array, values: Floats, hops: int, statistics: Collection[str]
) -> Iterator[HopStatistics]:
    """Iterate over the statistics of walks of 1, 2, ... edges."""
    step = transitions(adjacency)
    found = HopStatistics.of_values(values, statistics)
    for _ in range(hops):
        found = found.next(step)
        yield found


def transitions(adjacency: sparse.csr_array) -> sparse.csr_array:
    """Return the weights divided by their sum over each receiver, in float64."""
    weights = adjacency.astype(np.float64)  # its sum would be of float32
    total = weights.sum(axis=1)
    scale = 1 / np.where(total > 0, total, 1)
    data = weights.data * np.repeat(scale, np.diff(adjacency.indptr))
    parts = data, adjacency.indices, adjacency.indptr
    return sparse.csr_array(parts, shape=adjacency.shape)


def walk_counts(
    adjacency: sparse.csr_array, ends: NDArray[Any], hops: int
) -> list[Floats]:
    """Count the walks of 1, 2, ... edges to each of some ends, parallel edges apart.

    `ends` is (n_nodes, n_columns), 1 for the nodes that count.
    """
    parts = np.ones(adjacency.nnz), adjacency.indices, adjacency.indptr
    step = sparse.csr_array(parts, shape=adjacency.shape)
    counts = [np.asarray(ends, np.float64)]
    for _ in range(hops):
        counts.append(step @ counts[-1])
    return counts[1:]


def dense_columns(
    adjacency: sparse.csr_array,
    features: NDArray[Any],
    rows: NDArray[np.int64],
    statistics: Sequence[str],
    hops: int,
) -> list[NDArray[Any]]:
    """Return statistics of some rows over 1, 2, ... hops, each (n_rows, n_features).

    A row without known senders has its own value as mean and extremes, and the
    deviation 0.
    """
    n_features = features.shape[1]
    shape = len(rows), n_features
    out = [np.empty(shape, features.dtype) for _ in range(hops * len(statistics))]
    for start in range(0, n_features, BLOCK):
        block = slice(start, start + BLOCK)
        values = np.ascontiguousarray(features[:, block], np.float64)
        columns = iter(out)
        for found in over_hops(adjacency, values, hops, statistics):
            missing = found.mass[rows] == 0
            for statistic in statistics:
                default = 0.0 if statistic == "std" else values[rows]
                column = np.where(missing, default, found.column(statistic)[rows])
                next(columns)[:, block] = column
    return out


def sparse_columns(
    adjacency: sparse.csr_array,
    features: sparse.csr_array,
    rows: NDArray[np.int64],
    statistics: Sequence[str],
    hops: int,
) -> list[sparse.csr_array]:
    """Return the means and deviations of `dense_columns` for sparse features."""
    step = transitions(adjacency)
    features = sparse.csr_array(features)
    mass = np.ones(adjacency.shape[0])
    mean, square = features, features.power(2)
    columns = []
    for _ in range(hops):
        here = _among(step, mass)
        mass, mean, square = step @ mass, here @ mean, here @ square
        own = sparse.diags_array((mass == 0).astype(float)).tocsr()[rows]
        found = {
            "mean": mean[rows] + own @ features,
            "std": _deviation(mean[rows], square[rows]),
        }
        columns += [found[statistic] for statistic in statistics]
    return columns


def _among(step: sparse.csr_array, mass: Floats) -> sparse.csr_array:
    """Return the transitions among nodes with a mass, in proportion to it."""
    parts = step.data * mass[step.indices], step.indices, step.indptr
    return transitions(sparse.csr_array(parts, shape=step.shape))


def _deviation(mean: sparse.csr_array, square: sparse.csr_array) -> sparse.csr_array:
    """Return deviations from means and means of squares; 0 where rounding decides."""
    squared = mean.power(2)
    variance = square - squared
    root = sparse.csr_array(variance.multiply(variance > ROUNDING * squared))
    root.data = np.sqrt(root.data)
    root.eliminate_zeros()
    return root
