"""Self-loops: a receiver always attends to itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import check_indptr, check_range, index_dtype

_ENTRIES_PER_BLOCK = 1 << 18  # 20 million edges take 0.1 s, in a single block 1 s


@dataclass(frozen=True, eq=False)
class MissingLoops:
    """Nodes that do not attend to themselves, and where their loops would go."""

    nodes: NDArray[np.int64]
    """(n_missing,): the nodes, ascending."""
    places: NDArray[np.int64]
    """(n_missing,): the number of the entry in front of which each loop goes."""

    @classmethod
    def of(cls, adjacency: sparse.csr_array) -> "MissingLoops":
        """Look for them block by block: the memory that this takes does not grow.

        Parameters
        ----------
        adjacency : csr_array of shape (n_nodes, n_nodes)
            Row attends to column, indices sorted within a row.

        Returns
        -------
        MissingLoops
            Of all nodes whose diagonal entry is not stored.

        Raises
        ------
        ValueError
            If the entries are no rows of such a matrix. Where a file is mapped this is
            the first look at them, and what comes after trusts them.
        """
        indptr, indices = adjacency.indptr, adjacency.indices
        check_indptr(indptr, adjacency.shape[0])
        has_loop = np.zeros(adjacency.shape[0], dtype=bool)
        before = np.zeros(adjacency.shape[0], dtype=np.int64)  # senders < receiver
        for low, high in _row_blocks(indptr):
            block = indices[indptr[low] : indptr[high]]
            check_range(block, adjacency.shape[0])
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
        """Put numbers of the loops among those of the entries.

        Parameters
        ----------
        entries : ndarray of shape (n_edges,) or (n_edges, k)
            One number or row per stored entry.
        loops : scalar or ndarray of shape (n_missing,)
            What each loop gets.

        Returns
        -------
        ndarray of shape (n_edges + n_missing,) or (n_edges + n_missing, k)
            In the order of the new entries; `entries` itself if no loop is missing.
        """
        if len(self.nodes) == 0:
            return entries
        return np.insert(np.asarray(entries), self.places, loops, axis=0)

    def widen(self, indptr: NDArray[Any]) -> NDArray[Any]:
        """Make room for the loops.

        Parameters
        ----------
        indptr : ndarray of shape (n_nodes + 1,)
            Where the entries of each row start.

        Returns
        -------
        ndarray of shape (n_nodes + 1,), int64
            Where they start with the loops among them; `indptr` itself if none is
            missing.
        """
        if len(self.nodes) == 0:
            return indptr
        added = np.zeros(len(indptr), dtype=np.int64)
        added[self.nodes + 1] = 1
        return indptr + np.cumsum(added)


def add_self_loops(
    adjacency: sparse.csr_array, edge_features: NDArray[Any] | None = None
) -> tuple[sparse.csr_array, NDArray[Any] | None, NDArray[np.int64]]:
    """Add the diagonal entries that are missing, with weight 1.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Row attends to column, indices sorted within a row. Diagonal entries that
        are there keep their weight.
    edge_features : ndarray of shape (n_edges, n_edge_features) or None, default=None
        One row per stored entry; an added loop gets zeros.

    Returns
    -------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        With every diagonal entry, indices still sorted; the very one that was given if
        none was missing.
    edge_features : ndarray of shape (n_new_edges, n_edge_features) or None
        In the order of the new entries.
    edges : ndarray of shape (n_new_edges,), int64
        For every new entry the number of the entry that it was, -1 for an added loop.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skattn.graph import add_self_loops
    >>> looped, _, edges = add_self_loops(csr_array([[0.0, 2.0], [0.0, 3.0]]))
    >>> looped.toarray()
    array([[1., 2.],
           [0., 3.]])
    >>> edges
    array([-1,  0,  1])
    """
    loops = MissingLoops.of(adjacency)
    edges = loops.insert(np.arange(adjacency.nnz, dtype=np.int64), -1)
    if len(loops.nodes) == 0:
        return adjacency, edge_features, edges
    index = index_dtype(adjacency.shape[0], len(edges))
    parts = (
        loops.insert(adjacency.data, 1),
        loops.insert(adjacency.indices, loops.nodes).astype(index, copy=False),
        loops.widen(adjacency.indptr).astype(index, copy=False),
    )
    looped = sparse.csr_array(parts, shape=adjacency.shape)
    if edge_features is not None:
        edge_features = loops.insert(edge_features, 0)
    return looped, edge_features, edges


def _row_blocks(indptr: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Cut the rows where about equally many entries lie between the cuts."""
    n_entries, last = int(indptr[-1]), len(indptr) - 1
    steps = np.arange(_ENTRIES_PER_BLOCK, n_entries, _ENTRIES_PER_BLOCK)
    cuts = np.unique([0, *np.searchsorted(indptr, steps), last])
    return pairwise(cuts.tolist())
