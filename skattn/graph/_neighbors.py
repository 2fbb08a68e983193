"""k-NN graphs of the rows of a table."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array

from skattn.graph._adjacency import index_dtype
from skattn.graph._graph import Graph


def knn_adjacency(
    X: Any,
    n_neighbors: int = 8,
    *,
    metric: str = "euclidean",
    n_jobs: int | None = None,
) -> sparse.csr_array:
    """Compute the adjacency of a k-NN graph: rows attend to their nearest neighbours.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_nodes, n_features)
        Finite numbers.
    n_neighbors : int, default=8
        Neighbours per row, itself excluded. Clipped to the number of other rows, with
        a warning.
    metric : str, default="euclidean"
        The name of one of scikit-learn's metrics.
    n_jobs : int or None, default=None
        Jobs of scikit-learn's neighbour search.

    Returns
    -------
    csr_array of shape (n_nodes, n_nodes), float32
        Ones: entry (i, j) if j is among the nearest neighbours of i. Not symmetric.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinity, or `n_neighbors` is below 1.

    Examples
    --------
    >>> from skattn.graph import knn_adjacency
    >>> knn_adjacency([[0.0], [1.0], [3.0]], n_neighbors=1).toarray()
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    if n_neighbors < 1:
        raise ValueError(
            f"n_neighbors must be at least 1, got {n_neighbors}. Use "
            "Graph(scipy.sparse.csr_array((n, n)), X) for a graph without edges."
        )
    X = check_array(X, accept_sparse="csr")
    none = np.empty(0, dtype=np.int64)
    return table_adjacency(X, none, n_neighbors, metric=metric, n_jobs=n_jobs)


def knn_graph(
    X: Any,
    n_neighbors: int = 8,
    *,
    metric: str = "euclidean",
    n_jobs: int | None = None,
) -> Graph:
    """Compute the k-NN graph of the rows of a table.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_nodes, n_features)
        Finite numbers, which become the node features.
    n_neighbors : int, default=8
        Neighbours per row, itself excluded. Clipped to the number of other rows, with
        a warning.
    metric : str, default="euclidean"
        The name of one of scikit-learn's metrics.
    n_jobs : int or None, default=None
        Jobs of scikit-learn's neighbour search.

    Returns
    -------
    Graph
        Unweighted and directed, with the features `X`.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinity, or `n_neighbors` is below 1.

    Examples
    --------
    >>> from skattn.graph import knn_graph
    >>> knn_graph([[0.0], [1.0], [3.0]], n_neighbors=2)
    Graph(n_nodes=3, n_edges=6, n_features=1)
    """
    return Graph(knn_adjacency(X, n_neighbors, metric=metric, n_jobs=n_jobs), X)


def table_adjacency(
    X: Any,
    newcomers: NDArray[np.int64],
    n_neighbors: int,
    *,
    metric: str = "euclidean",
    n_jobs: int | None = None,
) -> sparse.csr_array:
    """Return the adjacency of all rows to their nearest training rows.

    A new row may attend to a training row equal to it; a training row never attends to
    itself.
    """
    resident = np.ones(X.shape[0], dtype=bool)
    resident[newcomers] = False
    residents = np.flatnonzero(resident)
    found = np.empty((0, 0), dtype=np.int64), np.empty((0, 0), dtype=np.int64)
    if len(residents):
        search = NearestNeighbors(metric=metric, n_jobs=n_jobs).fit(X[residents])
        n_here = _clip(n_neighbors, len(residents) - 1)
        found = (
            _nearest(search, None, n_here),
            _nearest(search, X[newcomers], min(n_neighbors, len(residents))),
        )
    receivers = [
        np.repeat(rows, near.shape[1])
        for rows, near in zip((residents, newcomers), found, strict=True)
    ]
    senders = residents[np.concatenate([near.ravel() for near in found])]
    return _ones(np.concatenate(receivers), senders, X.shape[0])


def _clip(n_neighbors: int, available: int) -> int:
    if n_neighbors > available:
        warnings.warn(
            f"n_neighbors={n_neighbors} is more than the {available} other rows: each "
            f"row attends to {available}. Lower n_neighbors.",
            UserWarning,
            stacklevel=2,
        )
    return min(n_neighbors, available)


def _nearest(search: NearestNeighbors, X: Any, n_neighbors: int) -> NDArray[np.int64]:
    n_rows = search.n_samples_fit_ if X is None else X.shape[0]
    if not n_rows or not n_neighbors:
        return np.empty((n_rows, 0), dtype=np.int64)
    near: NDArray[np.int64] = search.kneighbors(X, n_neighbors, return_distance=False)
    return near


def _ones(
    receivers: NDArray[np.int64], senders: NDArray[np.int64], n_nodes: int
) -> sparse.csr_array:
    index = index_dtype(n_nodes, len(senders))
    entries = (receivers.astype(index), senders.astype(index))
    ones = np.ones(len(senders), dtype=np.float32)
    return sparse.coo_array((ones, entries), shape=(n_nodes, n_nodes)).tocsr()
