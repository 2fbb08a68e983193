"""k-NN graphs of the rows of a table."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array

from skattn.graph._adjacency import index_dtype
from skattn.graph._data_objects import check_data
from skattn.graph._graph import Graph
from skattn.graph._numbers import as_floats, numeric_errors


def knn_adjacency(
    X: Any,
    n_neighbors: int = 8,
    *,
    metric: str = "euclidean",
    n_jobs: int | None = None,
) -> sparse.csr_array:
    """Compute the adjacency of the k-NN graph of a table.

    Every row attends to its nearest neighbours.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_nodes, n_features)
        Finite numbers.
    n_neighbors : int, default=8
        Neighbours per row, without the row itself. Reduced to the number of other
        rows with a warning.
    metric : str, default="euclidean"
        Name of a metric of :class:`~sklearn.neighbors.NearestNeighbors`.
    n_jobs : int or None, default=None
        Number of jobs of the neighbour search.

    Returns
    -------
    csr_array of shape (n_nodes, n_nodes), float32
        Entry (i, j) is 1 if row j is a nearest neighbour of row i. Not symmetric.

    Raises
    ------
    ValueError
        If ``X`` holds NaN or infinity, or ``n_neighbors`` is less than 1.

    See Also
    --------
    skattn.graph.knn_graph : The k-NN graph with its features.

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
    check_data(X)
    with numeric_errors(X, "X"):
        X = check_array(X, accept_sparse="csr")
    if X.dtype.kind not in "biuf":
        X = as_floats(X, "X")
    none = np.empty(0, dtype=np.int64)
    return table_adjacency(X, none, n_neighbors, metric=metric, n_jobs=n_jobs)


def knn_graph(
    X: Any,
    n_neighbors: int = 8,
    *,
    metric: str = "euclidean",
    n_jobs: int | None = None,
) -> Graph:
    """Compute the k-NN graph of a table.

    Every row is a node and attends to its nearest neighbours.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_nodes, n_features)
        Finite numbers, also the node features.
    n_neighbors : int, default=8
        Neighbours per row, without the row itself. Reduced to the number of other
        rows with a warning.
    metric : str, default="euclidean"
        Name of a metric of :class:`~sklearn.neighbors.NearestNeighbors`.
    n_jobs : int or None, default=None
        Number of jobs of the neighbour search.

    Returns
    -------
    Graph
        Directed and unweighted, with the node features ``X``.

    Raises
    ------
    ValueError
        If ``X`` holds NaN or infinity, or ``n_neighbors`` is less than 1.

    Examples
    --------
    >>> from skattn.graph import knn_graph
    >>> knn_graph([[0.0], [1.0], [3.0]], n_neighbors=2)
    Graph(n_nodes=3, n_edges=6, n_features=1)
    """
    return Graph(knn_adjacency(X, n_neighbors, metric=metric, n_jobs=n_jobs), X)


def table_adjacency(
    X: Any,
    new_rows: NDArray[np.int64],
    n_neighbors: int,
    *,
    metric: str = "euclidean",
    n_jobs: int | None = None,
) -> sparse.csr_array:
    """Return the adjacency of all rows to their nearest training rows.

    Training rows do not attend to themselves; all senders of `new_rows` are training
    rows.
    """
    is_training = np.ones(X.shape[0], dtype=bool)
    is_training[new_rows] = False
    training_rows = np.flatnonzero(is_training)
    found = np.empty((0, 0), dtype=np.int64), np.empty((0, 0), dtype=np.int64)
    if len(training_rows):
        search = NearestNeighbors(metric=metric, n_jobs=n_jobs).fit(X[training_rows])
        n_senders = _available_neighbors(n_neighbors, len(training_rows) - 1)
        found = (
            _nearest_rows(search, None, n_senders),
            _nearest_rows(search, X[new_rows], min(n_neighbors, len(training_rows))),
        )
    receivers = [
        np.repeat(rows, nearest.shape[1])
        for rows, nearest in zip((training_rows, new_rows), found, strict=True)
    ]
    senders = training_rows[np.concatenate([nearest.ravel() for nearest in found])]
    return _unweighted(np.concatenate(receivers), senders, X.shape[0])


def _available_neighbors(n_neighbors: int, available: int) -> int:
    if n_neighbors > available:
        warnings.warn(
            f"n_neighbors={n_neighbors} is more than the {available} other rows, so "
            f"each row attends to {available}. Reduce n_neighbors.",
            UserWarning,
            stacklevel=2,
        )
    return min(n_neighbors, available)


def _nearest_rows(
    search: NearestNeighbors, X: Any, n_neighbors: int
) -> NDArray[np.int64]:
    n_rows = search.n_samples_fit_ if X is None else X.shape[0]
    if not n_rows or not n_neighbors:
        return np.empty((n_rows, 0), dtype=np.int64)
    nearest: NDArray[np.int64] = search.kneighbors(
        X, n_neighbors, return_distance=False
    )
    return nearest


def _unweighted(
    receivers: NDArray[np.int64], senders: NDArray[np.int64], n_nodes: int
) -> sparse.csr_array:
    index = index_dtype(n_nodes, len(senders))
    entries = (receivers.astype(index), senders.astype(index))
    ones = np.ones(len(senders), dtype=np.float32)
    return sparse.coo_array((ones, entries), shape=(n_nodes, n_nodes)).tocsr()
