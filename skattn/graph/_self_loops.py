"""Self-loops, the diagonal entries of an adjacency."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import as_csr, check_indices, index_dtype

_ENTRIES_PER_BLOCK = 1 << 18  # fits in the cache


@dataclass(frozen=True, eq=False)
class MissingLoops:
    """Nodes without a self-loop and the positions at which to insert one."""

    nodes: NDArray[np.int64]
    """(n_missing,), ascending."""
    positions: NDArray[np.int64]
    """(n_missing,) positions of the entries before which loops are inserted."""

    @classmethod
    def of(cls, adjacency: sparse.csr_array) -> "MissingLoops":
        """Find the missing loops of a checked, sorted adjacency, in bounded memory."""
        indptr, indices = adjacency.indptr, adjacency.indices
        has_loop = np.zeros(adjacency.shape[0], dtype=bool)
        before = np.zeros(adjacency.shape[0], dtype=np.int64)  # senders < receiver
        for low, high in _row_blocks(indptr):
            block = indices[indptr[low] : indptr[high]]
            senders = block - low
            receivers = np.repeat(
                np.arange(high - low, dtype=senders.dtype),
                np.diff(indptr[low : high + 1]),
            )
            has_loop[low + receivers[senders == receivers]] = True
            before[low:high] = np.bincount(
                receivers[senders < receivers], minlength=high - low
            )
        nodes = np.flatnonzero(~has_loop)
        return cls(nodes, indptr[nodes] + before[nodes])

    def insert(self, entries: NDArray[Any], loops: Any) -> NDArray[Any]:
        """Return values per entry, (n_edges, ...), with values of loops inserted."""
        if len(self.nodes) == 0:
            return entries
        return np.insert(np.asarray(entries), self.positions, loops, axis=0)

    def weights(self, adjacency: sparse.csr_array) -> NDArray[np.float64]:
        """Compute the weights of the loops, (n_missing,), in bounded memory.

        The mean of the row; of a row without entries that of the column, because
        "gcn" divides by the degrees of senders, and 1 for nodes without edges.
        """
        if len(self.nodes) == 0:
            return np.empty(0)
        total, count = _row_sums(adjacency)
        empty = count == 0
        if empty.any():
            of_column = _column_sums(adjacency, empty)
            total, count = np.where(empty, of_column, (total, count))
        total, count = total[self.nodes], count[self.nodes]
        return np.divide(total, count, out=np.ones_like(total), where=count > 0)

    def widen(self, indptr: NDArray[Any]) -> NDArray[Any]:
        """Return the `indptr` of the adjacency with the loops inserted."""
        if len(self.nodes) == 0:
            return indptr
        added = np.zeros(len(indptr), dtype=np.int64)
        added[self.nodes + 1] = 1
        return indptr + np.cumsum(added)


def add_self_loops(
    adjacency: sparse.csr_array, edge_features: NDArray[Any] | None = None
) -> tuple[sparse.csr_array, NDArray[Any] | None, NDArray[np.int64]]:
    """Add missing self-loops with the mean weight of their row.

    The mean makes them independent of the unit of the weights: in an adjacency of ones
    they weigh 1. A row without entries takes the mean of its column, or 1 if that is
    empty too. Existing self-loops keep their weight.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Receivers are rows, senders columns; indices are sorted within a row.
    edge_features : ndarray of shape (n_edges, n_edge_features) or None, default=None
        One row per stored entry; an added self-loop has zeros.

    Returns
    -------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Adjacency with all diagonal entries, sorted; the input if none was missing.
    edge_features : ndarray of shape (n_new_edges, n_edge_features) or None
        One row per entry of the new adjacency.
    edges : ndarray of shape (n_new_edges,), int64
        Position of each new entry in the input, -1 for an added self-loop.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skattn.graph import add_self_loops
    >>> looped, _, edges = add_self_loops(csr_array([[0.0, 2.0], [0.0, 3.0]]))
    >>> looped.toarray()
    array([[2., 2.],
           [0., 3.]])
    >>> edges
    array([-1,  0,  1])
    """
    adjacency = as_csr(adjacency)
    check_indices(adjacency)
    loops = MissingLoops.of(adjacency)
    edges = loops.insert(np.arange(adjacency.nnz, dtype=np.int64), -1)
    if len(loops.nodes) == 0:
        return adjacency, edge_features, edges
    index = index_dtype(adjacency.shape[0], len(edges))
    data = adjacency.data
    data = data if data.dtype.kind == "f" else data.astype(np.float32)
    parts = (
        loops.insert(data, loops.weights(adjacency)),
        loops.insert(adjacency.indices, loops.nodes).astype(index, copy=False),
        loops.widen(adjacency.indptr).astype(index, copy=False),
    )
    looped = sparse.csr_array(parts, shape=adjacency.shape)
    if edge_features is not None:
        edge_features = loops.insert(edge_features, 0)
    return looped, edge_features, edges


def _row_blocks(indptr: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Return the bounds of blocks of rows with about equally many entries."""
    n_entries, last = int(indptr[-1]), len(indptr) - 1
    steps = np.arange(_ENTRIES_PER_BLOCK, n_entries, _ENTRIES_PER_BLOCK)
    cuts = np.unique([0, *np.searchsorted(indptr, steps), last])
    return pairwise(cuts.tolist())


def _row_sums(
    adjacency: sparse.csr_array,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of the weights of every row, and their number."""
    indptr, n = adjacency.indptr, adjacency.shape[0]
    total, count = np.zeros(n), np.zeros(n)
    for low, high in _row_blocks(indptr):
        weights = adjacency.data[indptr[low] : indptr[high]]
        lengths = np.diff(indptr[low : high + 1])
        rows = np.repeat(np.arange(high - low), lengths)
        total[low:high] = np.bincount(rows, weights, minlength=high - low)
        count[low:high] = np.bincount(rows, weights != 0, minlength=high - low)
    return total, count


def _column_sums(
    adjacency: sparse.csr_array, wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sum and number of the weights of some columns, 0 for the others."""
    total, count = np.zeros((2, adjacency.shape[0]))
    for low, high in _row_blocks(adjacency.indptr):
        entries = slice(adjacency.indptr[low], adjacency.indptr[high])
        senders, weights = adjacency.indices[entries], adjacency.data[entries]
        held = wanted[senders] & (weights != 0)
        np.add.at(total, senders[held], weights[held].astype(np.float64))
        np.add.at(count, senders[held], 1)
    return total, count
