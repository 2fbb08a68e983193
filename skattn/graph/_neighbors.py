"""k-NN graphs of the rows of a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from skattn.graph._adjacency import index_dtype
from skattn.graph._arguments import as_count
from skattn.graph._data_objects import check_data
from skattn.graph._graph import Graph
from skattn.graph._neighbor_search import (
    NeighborSearch,
    SearchMethod,
    check_jobs,
    check_search,
)
from skattn.graph._numbers import as_floats, numeric_errors
from skattn.graph._warning import warn

_WITHOUT_EDGES = (
    "Use Graph(scipy.sparse.csr_array((n, n)), X) for a graph without edges."
)


def knn_adjacency(
    X: Any,
    n_neighbors: int = 8,
    *,
    metric: str = "euclidean",
    neighbor_search: SearchMethod = "auto",
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
    neighbor_search : {"auto", "exact", "approximate"}, default="auto"
        Method of the search. "exact": trees or products of matrices; "approximate":
        pynndescent, for more than 1000 rows; "auto": "exact", but "approximate" for a
        dense table of at least 100 000 rows and 8 columns if pynndescent is installed
        (``pip install 'skattn[neighbors]'``).
    n_jobs : int or None, default=None
        Number of jobs of an exact search by trees (fewer than six columns), of a sparse
        table or of another metric than the Euclidean one.

    Returns
    -------
    csr_array of shape (n_nodes, n_nodes), float32
        Entry (i, j) is 1 if row j is a nearest neighbour of row i. Not symmetric.

    Raises
    ------
    ValueError
        If ``X`` holds NaN, infinity or numbers whose squares overflow, ``n_neighbors``
        is less than 1, or the method does not know the metric.
    ImportError
        If ``neighbor_search="approximate"`` and pynndescent is not installed.

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
    n_neighbors = as_count(n_neighbors, "n_neighbors", remedy=_WITHOUT_EDGES)
    check_jobs(n_jobs)
    check_data(X)
    with numeric_errors(X, "X"):
        X = check_array(X, accept_sparse="csr")
    if X.dtype.kind not in "biuf":
        X = as_floats(X, "X")
    check_search(neighbor_search, metric)
    search = NeighborSearch(X, n_neighbors, neighbor_search, metric, n_jobs)
    check_neighbors(n_neighbors, search.n_rows)
    rows = np.arange(search.n_rows)
    return neighbor_adjacency([(rows, search.nearest_others())], search.n_rows)


def knn_graph(
    X: Any,
    n_neighbors: int = 8,
    *,
    metric: str = "euclidean",
    neighbor_search: SearchMethod = "auto",
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
    neighbor_search : {"auto", "exact", "approximate"}, default="auto"
        Method of the search. "exact": trees or products of matrices; "approximate":
        pynndescent, for more than 1000 rows; "auto": "exact", but "approximate" for a
        dense table of at least 100 000 rows and 8 columns if pynndescent is installed
        (``pip install 'skattn[neighbors]'``).
    n_jobs : int or None, default=None
        Number of jobs of an exact search by trees (fewer than six columns), of a sparse
        table or of another metric than the Euclidean one.

    Returns
    -------
    Graph
        Directed and unweighted, with the node features ``X``.

    Raises
    ------
    ValueError
        If ``X`` holds NaN, infinity or numbers whose squares overflow, ``n_neighbors``
        is less than 1, or the method does not know the metric.
    ImportError
        If ``neighbor_search="approximate"`` and pynndescent is not installed.

    Examples
    --------
    >>> from skattn.graph import knn_graph
    >>> knn_graph([[0.0], [1.0], [3.0]], n_neighbors=2)
    Graph(n_nodes=3, n_edges=6, n_features=1)
    """
    adjacency = knn_adjacency(
        X, n_neighbors, metric=metric, neighbor_search=neighbor_search, n_jobs=n_jobs
    )
    return Graph(adjacency, X)


def neighbor_adjacency(
    neighbors: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], n_nodes: int
) -> sparse.csr_array:
    """Return the adjacency of receivers (n,) and their senders (n, k), block by block.

    Blocks may differ in k; other nodes are isolated.
    """
    receivers = np.concatenate(
        [np.repeat(rows, nearest.shape[1]) for rows, nearest in neighbors]
    )
    senders = np.concatenate([nearest.ravel() for _, nearest in neighbors])
    index = index_dtype(n_nodes, len(senders))
    entries = (receivers.astype(index), senders.astype(index))
    ones = np.ones(len(senders), dtype=np.float32)
    return sparse.coo_array((ones, entries), shape=(n_nodes, n_nodes)).tocsr()


def check_neighbors(n_neighbors: int, n_rows: int) -> None:
    """Warn if rows have fewer other rows than neighbours."""
    if n_neighbors > n_rows - 1:
        warn(
            f"n_neighbors={n_neighbors} is more than the {n_rows - 1} other rows, so "
            f"each row attends to {n_rows - 1}. Reduce n_neighbors.",
        )
