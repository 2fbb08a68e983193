"""Adjacency matrices: validation and canonical form."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._data_objects import CONVERSION_ERRORS, as_array
from skattn.graph._numbers import as_floats
from skattn.graph._ragged_range import ragged_range
from skattn.graph._types import Types, as_types

_SLICED = (
    "If it was sliced by rows, keep it whole and slice the graph, "
    "Graph(adjacency, X)[rows], or slice both axes, adjacency[rows][:, rows]."
)
_BIPARTITE = (
    " A matrix B between two kinds of nodes (users and items, a bipartite graph) "
    "becomes scipy.sparse.block_array([[None, B], [B.T, None]])."
)
_OTHER_ROWS = (
    "Pass the X that belongs to this adjacency: row i of X is node i, for every node."
)
_PRIOR = (
    "The logarithm of an edge weight is added to the attention score. Pass signed or "
    "missing measurements as edge_features= with a 0/1 adjacency."
)
_TOO_LARGE = (
    "adjacency weights must be at most 3.4e38, the largest number of float32, got {}. "
    "Only ratios of weights count, so divide all of them by a number."
)
_TINY = 1e-30
"""Largest weight below which float64 weights are refused."""


def index_dtype(*sizes: int) -> type[np.int32] | type[np.int64]:
    """Return int32 if it can index arrays of these sizes, else int64."""
    return np.int32 if max(sizes) <= np.iinfo(np.int32).max else np.int64


def canonical_adjacency(
    adjacency: Any, edge_features: Any = None, *, n_rows: int | None = None
) -> tuple[sparse.csr_array, NDArray[np.float32] | None]:
    """Check an adjacency matrix and return it in canonical form.

    Parameters
    ----------
    adjacency : sparse or dense matrix of shape (n_nodes, n_nodes)
        Not modified; arrays that are already canonical are shared.
    edge_features : array-like of shape (n_entries, n_edge_features) or None
        In the order of the stored entries of `adjacency`.
    n_rows : int or None
        Number of rows of X, None without X.

    Returns
    -------
    adjacency : csr_array of shape (n_nodes, n_nodes), float32
        Sorted, without stored zeros. Duplicates are summed; with edge features they
        are kept as parallel edges.
    edge_features : ndarray of shape (n_edges, n_edge_features), float32, or None
        In the order of the new entries.
    """
    found, features, _ = canonical_edges(adjacency, edge_features, n_rows=n_rows)
    return found, features


def canonical_edges(
    adjacency: Any,
    edge_features: Any = None,
    edge_types: Any = None,
    *,
    n_rows: int | None = None,
) -> tuple[sparse.csr_array, NDArray[np.float32] | None, Types | None]:
    """Check edges and return them in canonical form, as `canonical_adjacency`.

    Edges with types, (n_entries,) in the order of the stored entries, stay parallel.
    """
    stored = _with_weights(_stored_form(adjacency))
    _check_shape(stored.shape, n_rows)
    if edge_features is None and edge_types is None:
        return _summed(stored), None, None
    entries = stored.tocoo(copy=False)
    features = None
    if edge_features is not None:
        features = as_edge_features(edge_features, entries.nnz)
    types = as_types(
        edge_types, entries.nnz, "edge_types", "stored entry of the adjacency"
    )
    csr, order = _parallel(entries)
    return (
        csr,
        None if features is None else features[order],
        None if types is None else types.take(order),
    )


def as_csr(adjacency: Any) -> Any:
    """Return a user's adjacency in CSR format; CSR matrices are not copied.

    Raises TypeError for a Graph and objects that are no matrix, ValueError unless the
    matrix is square.
    """
    if hasattr(adjacency, "with_features"):
        raise TypeError("adjacency must be a matrix, got a Graph. Use graph.adjacency.")
    if not sparse.issparse(adjacency):
        return canonical_adjacency(adjacency)[0]
    _check_shape(adjacency.shape, None)
    if adjacency.dtype.kind not in "biuf":
        as_weights(adjacency.data)
    if isinstance(adjacency, sparse.csr_array):
        return adjacency
    return sparse.csr_array(adjacency)


def csr_from_entries(
    receivers: NDArray[Any],
    senders: NDArray[Any],
    weights: NDArray[np.float32],
    n_nodes: int,
) -> sparse.csr_array:
    """Build a CSR matrix from entries sorted by receiver; duplicates are kept."""
    index = index_dtype(n_nodes, len(senders))
    indptr = np.zeros(n_nodes + 1, dtype=index)
    np.cumsum(np.bincount(receivers, minlength=n_nodes), out=indptr[1:])
    return sparse.csr_array(
        (weights, senders.astype(index, copy=False), indptr), shape=(n_nodes, n_nodes)
    )


def entry_rows(adjacency: sparse.csr_array) -> NDArray[Any]:
    """Return the receiver of every stored entry."""
    receivers = np.arange(adjacency.shape[0], dtype=adjacency.indices.dtype)
    return np.repeat(receivers, np.diff(adjacency.indptr))


def cut_adjacency(
    adjacency: sparse.csr_array, nodes: NDArray[np.int64]
) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Return the induced adjacency of `nodes` and the positions of its entries."""
    position_of = np.full(adjacency.shape[0], -1, dtype=np.int64)
    position_of[nodes] = np.arange(len(nodes))
    starts = adjacency.indptr[nodes]
    lengths = adjacency.indptr[nodes + 1] - starts
    edges = ragged_range(starts, lengths)
    receivers = np.repeat(np.arange(len(nodes)), lengths)
    senders = position_of[adjacency.indices[edges]]
    inside = senders >= 0
    edges, receivers, senders = edges[inside], receivers[inside], senders[inside]
    if np.any(np.diff(nodes) < 0):
        order = np.lexsort((senders, receivers))
        edges, receivers, senders = edges[order], receivers[order], senders[order]
    data = adjacency.data[edges]
    return csr_from_entries(receivers, senders, data, len(nodes)), edges


def _stored_form(adjacency: Any) -> Any:
    """Return the adjacency in CSR, CSC or COO format, entries in stored order."""
    if not sparse.issparse(adjacency):
        return sparse.coo_array(dense_matrix(adjacency))
    if adjacency.format in ("csr", "csc"):
        check_indices(adjacency)
        return adjacency
    entries = adjacency.tocoo(copy=False)
    if adjacency.format == "bsr":  # blocks are padded with zeros
        held = entries.data != 0
        at = (entries.row[held], entries.col[held])
        entries = sparse.coo_array((entries.data[held], at), shape=entries.shape)
    return entries


def dense_matrix(adjacency: Any) -> NDArray[Any]:
    if isinstance(adjacency, (str, bytes, dict, set)) or hasattr(adjacency, "adj"):
        raise TypeError(
            "adjacency must be a square matrix (scipy sparse or a dense array), got "
            f"{type(adjacency).__name__}. Use Graph.from_networkx(g) for a networkx "
            "graph and Graph.from_edges(edges, nodes=...) for pairs of nodes."
        )
    dense = as_array(adjacency, "adjacency", "one row per node")
    if dense.ndim != 2:
        raise ValueError(
            "adjacency must be a square matrix with one row and one column per node, "
            f"got an array with {dense.ndim} dimension(s). Use "
            "Graph.from_edges(edges, nodes=...) for an edge list."
        )
    if dense.dtype.kind in "OUSMmV":
        return _numbers(dense)
    if dense.dtype == np.float16:
        return dense.astype(np.float32)
    return dense.astype(dense.dtype.newbyteorder("="), copy=False)  # scipy needs it


def _numbers(dense: NDArray[Any]) -> NDArray[Any]:
    try:
        return dense.astype(np.float64)
    except CONVERSION_ERRORS as error:
        raise TypeError(
            f"The entries of an adjacency must be numbers, got dtype {dense.dtype}. "
            "Use Graph.from_edges(edges, nodes=...) for edges between node labels, and "
            "edge_features= for other measurements, encoded as numbers."
        ) from error


def check_indices(adjacency: Any) -> None:
    """Raise ValueError if `indptr` or `indices` of a CSR or CSC matrix is invalid."""
    n_lines = adjacency.shape[adjacency.format == "csc"]
    n_positions = adjacency.shape[adjacency.format == "csr"]
    check_indptr(adjacency.indptr, n_lines)
    check_range(adjacency.indices[: adjacency.nnz], n_positions)


def check_indptr(indptr: NDArray[Any], n_lines: int) -> None:
    """Raise ValueError unless `indptr` starts at 0 and does not decrease."""
    complete = len(indptr) == n_lines + 1 and indptr[0] == 0
    if not complete or np.any(indptr[1:] < indptr[:-1]):  # a difference may overflow
        raise ValueError(
            "adjacency.indptr must start at 0, not decrease and have n_rows + 1 "
            "entries. Build the matrix from (weights, (receivers, senders))."
        )


def has_weights(adjacency: sparse.csr_array) -> bool:
    """Return whether an edge weight differs from 1."""
    weights = adjacency.data
    return len(weights) > 0 and bool(weights.min() != 1 or weights.max() != 1)


def check_range(indices: NDArray[Any], n_positions: int) -> None:
    """Raise ValueError unless all indices are in ``0 .. n_positions - 1``."""
    if len(indices) and not (indices.min() >= 0 and indices.max() < n_positions):
        raise ValueError(
            f"adjacency.indices must lie in 0 .. {n_positions - 1}, got values from "
            f"{indices.min()} to {indices.max()}. Number the nodes from 0, or use "
            "Graph.from_edges(edges, nodes=labels)."
        )


def _check_shape(shape: tuple[int, ...], n_rows: int | None) -> None:
    square = len(shape) == 2 and shape[0] == shape[1]
    if n_rows is None and not square:
        raise ValueError(
            f"adjacency must be square, one row and column per node, got {shape}. "
            + _SLICED
            + _BIPARTITE
        )
    if n_rows is not None and not (square and shape[0] == n_rows):
        raise ValueError(
            "adjacency must be square with one row per row of X "
            f"({n_rows}), got {shape}. " + (_OTHER_ROWS if square else _SLICED)
        )


def _with_weights(stored: Any) -> Any:
    """Return the matrix with checked float32 weights, copied only if necessary."""
    weights = as_weights(stored.data[: stored.nnz])
    if stored.format == "coo":
        return sparse.coo_array((weights, (stored.row, stored.col)), shape=stored.shape)
    make = sparse.csr_array if stored.format == "csr" else sparse.csc_array
    parts = (weights, stored.indices[: stored.nnz], stored.indptr)
    return make(parts, shape=stored.shape)


def as_weights(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return edge weights as float32, checked to be finite and not negative."""
    if values.dtype.kind == "c":
        raise ValueError(
            "adjacency weights must be real numbers, got complex ones. " + _PRIOR
        )
    if values.dtype.kind not in "biuf":
        values = _numbers(values)
    with np.errstate(over="ignore", invalid="ignore"):
        weights: NDArray[np.float32] = values.astype(np.float32, copy=False)
    _check_finite(weights, values)
    if len(weights) and weights.min() < 0:
        raise ValueError(
            "adjacency weights must not be negative, got "
            f"{np.count_nonzero(weights < 0)} below 0 (minimum {weights.min()}). "
            + _PRIOR
        )
    if weights is not values and len(values) and 0 < values.max() < _TINY:
        raise ValueError(
            f"the largest adjacency weight must be at least {_TINY}, got "
            f"{values.max()}: in float32 smaller ones lose their digits. Only ratios "
            "of weights count, so multiply all of them by a number."
        )
    return weights


def _check_finite(weights: NDArray[np.float32], values: NDArray[Any]) -> None:
    finite = np.isfinite(weights)
    if finite.all():
        return
    if np.isfinite(values).all():
        raise ValueError(_TOO_LARGE.format(values[~finite][0]))
    raise ValueError(
        f"adjacency weights must be finite, got {values[~finite][0]} (and "
        f"{np.count_nonzero(~finite) - 1} more NaN or infinite values). " + _PRIOR
    )


def _summed(stored: Any) -> sparse.csr_array:
    csr = stored.tocsr(copy=False)
    if not csr.has_canonical_format or not csr.data.all():
        csr = csr.copy()  # the arrays may be the user's
        csr.sum_duplicates()
        csr.eliminate_zeros()
    if csr is not stored and not np.isfinite(csr.data).all():
        raise ValueError(_TOO_LARGE.format("inf as the sum of duplicates"))
    return _narrow(csr)


def _narrow(csr: sparse.csr_array) -> sparse.csr_array:
    index = index_dtype(csr.shape[0], csr.nnz)
    if csr.indices.dtype == index and csr.indptr.dtype == index:
        return csr
    indices = csr.indices.astype(index, copy=False)
    indptr = csr.indptr.astype(index, copy=False)
    return sparse.csr_array((csr.data, indices, indptr), shape=csr.shape)


def _parallel(
    entries: sparse.coo_array,
) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Return parallel edges in order, and their positions among the entries."""
    order = np.lexsort((entries.col, entries.row))
    order = order[entries.data[order] != 0]
    csr = csr_from_entries(
        entries.row[order], entries.col[order], entries.data[order], entries.shape[0]
    )
    return csr, order


def as_edge_features(edge_features: Any, n_entries: int) -> NDArray[np.float32]:
    """Return edge features as a finite float32 matrix with one row per entry."""
    features = as_array(edge_features, "edge_features", "one row per edge")
    if features.dtype.kind not in "biufO":
        raise TypeError(
            f"edge_features must hold numbers, got an array of dtype {features.dtype}. "
            "Encode categories first, for example with OneHotEncoder."
        )
    with np.errstate(over="ignore"):  # infinities are refused below
        features = as_floats(features, "edge_features").astype(np.float32)
    if features.ndim == 1:
        features = features[:, None]
    if features.ndim != 2 or len(features) != n_entries:
        raise ValueError(
            "edge_features must have one row per stored entry of the adjacency "
            f"({n_entries}), got shape {features.shape}. Give them in the order of the "
            "stored entries."
        )
    if not np.isfinite(features).all():
        raise ValueError(
            "edge_features must be finite, got NaN or infinity. Impute them first, or "
            "remove those edges."
        )
    return features
