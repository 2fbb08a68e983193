"""Self-loops: a receiver always attends to itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import entry_rows, index_dtype


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
        With every diagonal entry, indices still sorted.
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
    edges, counts = _places(adjacency)
    old = edges >= 0
    index = index_dtype(adjacency.shape[0], len(edges))
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(index)
    indices = np.repeat(np.arange(adjacency.shape[0], dtype=index), counts)
    indices[old] = adjacency.indices
    data = np.ones(len(edges), dtype=adjacency.data.dtype)
    data[old] = adjacency.data
    looped = sparse.csr_array((data, indices, indptr), shape=adjacency.shape)
    if edge_features is None:
        return looped, None, edges
    features = np.zeros((len(edges), edge_features.shape[1]), edge_features.dtype)
    features[old] = edge_features
    return looped, features, edges


def _places(adjacency: sparse.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the old number of every new entry, and the new length of every row."""
    n_nodes = adjacency.shape[0]
    receivers, senders = entry_rows(adjacency), adjacency.indices
    missing = np.ones(n_nodes, dtype=np.int64)
    missing[senders[receivers == senders]] = 0
    added = np.concatenate([[0], np.cumsum(missing)])
    place = np.arange(len(senders)) + added[receivers]
    place += missing[receivers] * (senders > receivers)
    edges = np.full(len(senders) + added[-1], -1, dtype=np.int64)
    edges[place] = np.arange(len(senders))
    return edges, np.diff(adjacency.indptr) + missing
