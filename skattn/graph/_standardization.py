"""Standardisation of node features and edge features."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._graph import Graph
from skattn.graph._ragged_range import ragged_range

_ROWS_PER_BLOCK = 1 << 14
_ROUNDING = 10
"""Deviation of a constant column, in rounding errors of its mean."""

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Standardization:
    """Mean and scale of every column, of node features or of edge features.

    Columns that are mostly zero, or have at most one value beside zero (indicators and
    constants), keep their zeros and are divided by the root mean square of the other
    values: indicators become 0 or 1 (-1), and still tell edges from added self-loops.
    """

    mean: tuple[float, ...]
    """(n_columns,): 0 for columns that keep their zeros."""
    scale: tuple[float, ...]
    """(n_columns,): standard deviation, or root mean square of what is not 0."""

    def __post_init__(self) -> None:
        numbers = np.array([self.mean, self.scale], np.float64)
        if not (np.isfinite(numbers).all() and (numbers[1] > 0).all()):
            raise ValueError("mean and scale must be finite, and the scale positive")

    @property
    def is_uniform(self) -> bool:
        """Whether all columns are divided by the same number, and none is centred."""
        return not any(self.mean) and len(set(self.scale)) <= 1

    @classmethod
    def identity(cls, n_columns: int) -> Self:
        """Return a standardisation that changes nothing."""
        return cls((0.0,) * n_columns, (1.0,) * n_columns)

    @classmethod
    def of(cls, features: Any, rows: Positions | None = None) -> Self:
        """Compute the standardisation from rows of a matrix, in float64.

        Parameters
        ----------
        features : ndarray or csr_array of shape (n_rows, n_columns)
            All columns of a sparse matrix keep their zeros.
        rows : ndarray of int64 or None, default=None
            Distinct positions of rows; None: all.

        Returns
        -------
        Standardization
            Of no rows, one that changes nothing.
        """
        if sp.issparse(features):
            return cls._of_sparse(features if rows is None else features[rows])
        moments = _Moments.of(features, rows)
        rounding = _ROUNDING * np.finfo(features.dtype).eps * np.abs(moments.mean)
        keeps_zeros = (
            (moments.low >= moments.high)
            | (moments.std <= rounding)
            | (2 * moments.n_held < moments.n_rows)
        )
        mean = np.where(keeps_zeros, 0.0, moments.mean)
        scale = np.where(keeps_zeros, moments.root_mean_square, moments.std)
        return cls(tuple(mean.tolist()), tuple(scale.tolist()))

    @classmethod
    def _of_sparse(cls, features: sp.csr_array) -> Self:
        n_columns, squares = features.shape[1], np.square(features.data, dtype=float)
        n_held = np.bincount(features.indices[squares > 0], minlength=n_columns)
        total = np.bincount(features.indices, squares, n_columns).astype(np.float64)
        scale = _size(total, n_held)
        return cls((0.0,) * n_columns, tuple(scale.tolist()))

    def apply(self, features: Any) -> Any:
        """Standardise features.

        Parameters
        ----------
        features : ndarray or csr_array of shape (n_rows, n_columns)
            Not modified.

        Returns
        -------
        ndarray or csr_array of shape (n_rows, n_columns), float32
            The input itself if no column changes; sparse only if no column is centred.
        """
        mean, scale = np.array(self.mean), np.array(self.scale)
        if not mean.any() and (scale == 1).all():
            return features
        if sp.issparse(features) and mean.any():
            features = features.toarray()
        with np.errstate(over="ignore"):
            if sp.issparse(features):
                data = (features.data / scale[features.indices]).astype(np.float32)
                parts = data, features.indices, features.indptr
                return sp.csr_array(parts, shape=features.shape)
            scaled = np.empty(features.shape, np.float32)
            start = 0
            for block in _blocks(features):
                scaled[start : start + len(block)] = (block - mean) / scale
                start += len(block)
        return scaled

    def to_unit_norm(self, features: Any) -> Self:
        """Multiply all scales so that the root mean square of the rows' norms is 1.

        Parameters
        ----------
        features : ndarray or csr_array of shape (n_rows, n_columns)
            The rows.

        Returns
        -------
        Standardization
            The same one if all rows are zero after it.
        """
        squares = sum(
            np.square(_values(self.apply(block)), dtype=np.float64).sum()
            for block in _parts(features)
        )
        if squares == 0:
            return self
        norm = np.sqrt(squares / features.shape[0])
        return type(self)(self.mean, tuple((norm * np.array(self.scale)).tolist()))


@dataclass(frozen=True, eq=False)
class _Moments:
    """Statistics of the columns of a matrix."""

    n_rows: int
    """Number of rows."""
    n_held: NDArray[np.int64]
    """(n_columns,) number of values other than 0."""
    low: NDArray[np.float64]
    """(n_columns,) minimum of the values other than 0, infinite without any."""
    high: NDArray[np.float64]
    """(n_columns,) maximum of them, -infinite without any."""
    mean: NDArray[np.float64]
    """(n_columns,)"""
    std: NDArray[np.float64]
    """(n_columns,)"""
    root_mean_square: NDArray[np.float64]
    """(n_columns,) of the values other than 0; 1 without any."""

    @classmethod
    def of(cls, features: NDArray[Any], rows: Positions | None) -> Self:
        """Compute the statistics of some rows, of all rows for None."""
        width, n = features.shape[1], len(features if rows is None else rows)
        low, high = np.full(width, np.inf), np.full(width, -np.inf)
        n_held = np.zeros(width, np.int64)
        total, squares, deviations = np.zeros((3, width))
        for block in _blocks(features, rows):
            held = block != 0
            n_held += held.sum(0)
            low = np.minimum(low, block.min(0, initial=np.inf, where=held))
            high = np.maximum(high, block.max(0, initial=-np.inf, where=held))
            total += block.sum(0)
            squares += np.square(block).sum(0)
        mean = total / max(n, 1)
        for block in _blocks(features, rows):
            deviations += np.square(block - mean).sum(0)
        std = np.sqrt(deviations / max(n, 1))
        return cls(n, n_held, low, high, mean, std, _size(squares, n_held))


def _size(
    squares: NDArray[np.float64], n_held: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return root mean squares of values other than 0, 1 without any."""
    found: NDArray[np.float64] = np.sqrt(squares / np.maximum(n_held, 1))
    return np.where(found > 0, found, 1.0)


def training_nodes(view: Graph | GraphCollection) -> Positions:
    """Return the target nodes, or the nodes of the target graphs, ascending."""
    targets = np.unique(view.targets)
    if isinstance(view, Graph):
        return targets
    return ragged_range(view.node_ptr[targets], np.diff(view.node_ptr)[targets])


def training_edges(view: Graph | GraphCollection) -> Positions | None:
    """Return the edges of the target graphs; None for all, as of a single graph.

    Of a graph all edges count: its context is known in training.
    """
    if isinstance(view, Graph):
        return None
    graphs = np.unique(view.targets)
    if len(graphs) == view.n_graphs:
        return None
    edge_ptr = view.whole.adjacency.indptr[view.node_ptr].astype(np.int64)
    return ragged_range(edge_ptr[graphs], np.diff(edge_ptr)[graphs])


def column_means(features: Any, rows: Positions) -> tuple[float, ...]:
    """Return the mean of each column over some rows, 0 without any."""
    n_rows = max(len(rows), 1)
    if sp.issparse(features):
        return tuple((np.asarray(features[rows].sum(axis=0)).ravel() / n_rows).tolist())
    total = np.zeros(features.shape[1])
    for block in _blocks(features, rows):
        total += block.sum(0)
    return tuple((total / n_rows).tolist())


def _blocks(
    features: NDArray[Any], rows: Positions | None = None
) -> Iterator[NDArray[np.float64]]:
    """Yield rows in float64, some thousand at a time."""
    n_rows = len(features if rows is None else rows)
    for start in range(0, n_rows, _ROWS_PER_BLOCK):
        part: Any = slice(start, start + _ROWS_PER_BLOCK)
        yield features[part if rows is None else rows[part]].astype(np.float64)


def _parts(features: Any) -> Iterator[Any]:
    """Yield a sparse matrix, or some thousand rows of a dense one at a time."""
    step = features.shape[0] if sp.issparse(features) else _ROWS_PER_BLOCK
    for start in range(0, features.shape[0], max(step, 1)):
        yield features[start : start + step]


def _values(features: Any) -> Any:
    return features.data if sp.issparse(features) else features
