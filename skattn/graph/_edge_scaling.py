"""Standardisation of edge features."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._graph import Graph
from skattn.graph._ragged_range import ragged_range

_ROWS_PER_BLOCK = 1 << 14


@dataclass(frozen=True)
class EdgeScaling:
    """Mean and scale of every edge feature.

    Indicators, columns with at most one value beside zero, keep their zeros and become
    0 or 1 (-1), so that they still tell edges from added self-loops.
    """

    mean: tuple[float, ...]
    """(n_edge_features,): 0 for indicators."""
    scale: tuple[float, ...]
    """(n_edge_features,): standard deviation, for indicators the absolute value."""

    def __post_init__(self) -> None:
        numbers = np.array([self.mean, self.scale], np.float64)
        if not (np.isfinite(numbers).all() and (numbers[1] > 0).all()):
            raise ValueError("mean and scale must be finite, and the scale positive")

    @classmethod
    def of(cls, view: Graph | GraphCollection) -> Self | None:
        """Compute the scaling from a training graph or the target graphs.

        Parameters
        ----------
        view : Graph or GraphCollection
            Of a graph all edges count, its context is known in training; of a
            collection those of the target graphs.

        Returns
        -------
        EdgeScaling or None
            None without edge features.
        """
        features = _training_features(view)
        if features is None:
            return None
        n, width = features.shape
        low, high = np.full(width, np.inf), np.full(width, -np.inf)
        total, squares = np.zeros((2, width))
        for block in _blocks(features):
            held = block != 0
            low = np.minimum(low, block.min(0, initial=np.inf, where=held))
            high = np.maximum(high, block.max(0, initial=-np.inf, where=held))
            total += block.sum(0)
        mean = total / max(n, 1)
        for block in _blocks(features):
            squares += np.square(block - mean).sum(0)
        indicator = low >= high
        values = np.where(np.isfinite(low), np.abs(low), 1.0)
        scale = np.where(indicator, values, np.sqrt(squares / max(n, 1)))
        mean = np.where(indicator, 0.0, mean)
        return cls(tuple(mean.tolist()), tuple(scale.tolist()))

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardise edge features.

        Parameters
        ----------
        features : ndarray of shape (n_edges, n_edge_features), float32
            Not modified.

        Returns
        -------
        ndarray of shape (n_edges, n_edge_features), float32
            The input itself if all columns are indicators of 0 and 1.
        """
        mean, scale = np.array(self.mean), np.array(self.scale)
        if not mean.any() and (scale == 1).all():
            return features
        scaled = np.empty(features.shape, np.float32)
        start = 0
        with np.errstate(over="ignore"):
            for block in _blocks(features):
                scaled[start : start + len(block)] = (block - mean) / scale
                start += len(block)
        return scaled


def _training_features(view: Graph | GraphCollection) -> NDArray[np.float32] | None:
    if isinstance(view, Graph):
        return view.edge_features
    features, graphs = view.whole.edge_features, np.unique(view.targets)
    if features is None or len(graphs) == view.n_graphs:
        return features
    edge_ptr = view.whole.adjacency.indptr[view.node_ptr].astype(np.int64)
    return features[ragged_range(edge_ptr[graphs], np.diff(edge_ptr)[graphs])]


def _blocks(features: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(features), _ROWS_PER_BLOCK):
        yield features[start : start + _ROWS_PER_BLOCK].astype(np.float64)
