"""Node features: arrays, sparse matrices or DataFrames, kept as given."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn._compat_sklearn import _safe_indexing
from skattn.graph._data_objects import as_array, check_data


def as_features(X: Any) -> Any:
    """Return node features as a two-dimensional array, sparse matrix or DataFrame."""
    if X is None:
        return None
    check_data(X)
    if hasattr(X, "adjacency"):
        raise TypeError(
            "X must be a table of node features, got a Graph. Use graph.X, its "
            "features."
        )
    if not hasattr(X, "shape"):
        X = as_array(X, "X", "one row per node")
    if len(X.shape) != 2:
        raise ValueError(
            "X must be two-dimensional with one row per node, got shape "
            f"{tuple(X.shape)}. Use X.reshape(-1, 1) for a single feature."
        )
    return np.asarray(X) if isinstance(X, np.matrix) else X


def features_of_all(X: Any, n_nodes: int) -> Any:
    """Return node features; raise ValueError unless there is one row per node."""
    if X is not None and X.shape[0] != n_nodes:
        raise ValueError(
            f"X must have one row per node of the whole graph ({n_nodes}), got "
            f"{X.shape[0]} rows. Transform all rows of graph.X, not those of the "
            "targets alone."
        )
    return X


def n_features_of(X: Any) -> int:
    """Return the number of columns, 0 for None."""
    return 0 if X is None else int(X.shape[1])


def take_rows(X: Any, rows: NDArray[np.int64]) -> Any:
    """Return these rows of an array, a sparse matrix or a DataFrame."""
    return _safe_indexing(X.tocsr() if sparse.issparse(X) else X, rows)


def size_of(X: Any) -> int:
    """Return the size of an array, sparse matrix or DataFrame in bytes; 0 for None."""
    if sparse.issparse(X):
        names = ("data", "indices", "indptr", "row", "col")
        return sum(getattr(getattr(X, name, None), "nbytes", 0) for name in names)
    if hasattr(X, "memory_usage"):
        return int(X.memory_usage().sum())
    if hasattr(X, "estimated_size"):  # polars
        return int(X.estimated_size())
    return int(getattr(X, "nbytes", 0))


def degree_features(adjacency: sparse.csr_array) -> NDArray[np.float32]:
    """Return default node features, ``[1, log(1 + number of senders)]``, float32."""
    return features_of_degrees(np.diff(adjacency.indptr))


def features_of_degrees(degree: NDArray[Any]) -> NDArray[np.float32]:
    """Return default node features of nodes with these numbers of senders."""
    columns = np.ones(len(degree)), np.log1p(degree)
    return np.stack(columns, axis=1).astype(np.float32)
