"""Conversion of edge lists to the parts of a graph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import as_edge_features, as_weights
from skattn.graph._alignment import has_index
from skattn.graph._arguments import check_flag
from skattn.graph._available_memory import available_memory
from skattn.graph._data_objects import as_array
from skattn.graph._edge_columns import column_values, ends_of
from skattn.graph._features import as_features
from skattn.graph._labels import (
    as_index,
    as_labels,
    is_default_index,
    label_errors,
    listing,
)
from skattn.graph._types import as_types
from skattn.graph._warning import warn

_NODE_BYTES = 16
"""Bytes of a node without features and edges: a pointer of the matrix, a target."""


def parts_from_edges(  # noqa: PLR0913  (arguments of from_edges)
    edges: Any,
    X: Any,
    *,
    nodes: Any,
    directed: bool,
    weights: Any,
    edge_features: Any,
    edge_types: Any,
    source: Any,
    target: Any,
) -> dict[str, Any]:
    """Return the constructor arguments of a Graph."""
    check_flag(directed, "directed")
    X = as_features(X)
    column = edge_types if isinstance(edge_types, str) else None
    ends = ends_of(edges, source, target, weights, edge_features, column)
    _check_missing(ends)
    weights = column_values(edges, weights, "weights")
    edge_features = column_values(edges, edge_features, "edge_features")
    if isinstance(edge_types, list | tuple):  # types, not names of columns
        edge_types = np.array(edge_types, dtype=object)
    edge_types = column_values(edges, edge_types, "edge_types")
    labels, n_nodes = _labels_of(ends, X, nodes)
    ends = _positions_of(ends, labels, n_nodes)
    if not directed:
        _warn_of_both_directions(ends)
    if edge_features is None and edge_types is None:
        _warn_of_duplicates(ends)
    values = matrix_parts(
        ends, n_nodes, weights, edge_features, edge_types, directed=directed
    )
    return {**values, "X": X, "nodes": nodes if has_index(nodes) else labels}


def _check_missing(ends: NDArray[Any]) -> None:
    """Raise ValueError if an end is None, NaN, NA or NaT."""
    if ends.dtype.kind not in "OfmM":
        return
    rows = np.flatnonzero(_is_missing(ends).any(axis=1))
    if len(rows):
        raise ValueError(
            f"edges must have two ends in every row, got {len(rows)} of {len(ends)} "
            f"rows with a missing one (None or NaN), the first at position {rows[0]}. "
            "Remove these rows, for example with edges.dropna()."
        )


def _is_missing(ends: NDArray[Any]) -> Any:
    try:
        from pandas import isna
    except ImportError:
        return np.equal(ends, np.array(None)).astype(bool) | (ends != ends)
    return isna(ends)


def _warn_of_duplicates(ends: NDArray[np.int64]) -> None:
    """Warn if an edge list names an edge more than once."""
    span = int(ends.max(initial=0)) + 1  # encodes a pair as one number
    n_repeated = len(ends) - len(np.unique(ends @ [span, 1]))
    if n_repeated:
        warn(
            f"{n_repeated} of {len(ends)} rows of edges repeat an edge: the weights of "
            "its rows are summed. Use edges.drop_duplicates() if repetitions carry no "
            "information.",
        )


def _warn_of_both_directions(ends: NDArray[np.int64]) -> None:
    """Warn if an undirected edge list contains an edge in both directions."""
    up = ends[ends[:, 0] < ends[:, 1]]
    down = ends[ends[:, 0] > ends[:, 1], ::-1]
    span = ends.max(initial=0) + 1  # encodes a pair as one number
    twice = np.count_nonzero(np.isin(down @ [span, 1], up @ [span, 1]))
    if twice:
        warn(
            f"directed=False, but {twice} rows of edges also occur in the other "
            "direction: these edges are added twice. Use directed=True if the table "
            "lists both directions.",
        )


def matrix_parts(
    ends: NDArray[np.int64],
    n_nodes: int,
    weights: Any,
    edge_features: Any,
    edge_types: Any = None,
    *,
    directed: bool,
) -> dict[str, Any]:
    """Return adjacency, edge features and types for pairs of positions (n_rows, 2)."""
    weights = _weights(weights, len(ends))
    if edge_features is not None:
        edge_features = as_edge_features(edge_features, len(ends))
    types = as_types(edge_types, len(ends), "edge_types", "row of edges")
    edge_types = None if types is None else types.values
    if not directed:
        mirrored = np.flatnonzero(ends[:, 0] != ends[:, 1])  # all but loops
        ends = np.concatenate([ends, ends[mirrored, ::-1]])
        weights = np.concatenate([weights, weights[mirrored]])
        if edge_features is not None:
            edge_features = np.concatenate([edge_features, edge_features[mirrored]])
        if edge_types is not None:
            edge_types = np.concatenate([edge_types, edge_types[mirrored]])
    entries = (weights, (ends[:, 0], ends[:, 1]))
    return {
        "adjacency": sparse.coo_array(entries, shape=(n_nodes, n_nodes)),
        "edge_features": edge_features,
        "edge_types": edge_types,
    }


def _labels_of(ends: NDArray[Any], X: Any, nodes: Any) -> tuple[Any, int]:
    """Return the node labels, None for positions, and the number of nodes."""
    if isinstance(nodes, int | np.integer) and not isinstance(nodes, bool):
        return None, _checked_number(int(nodes))
    if nodes is not None:
        labels = as_index(nodes)
    elif X is not None:
        index = X.index if has_index(X) else None
        if index is None or is_default_index(index):
            return None, int(X.shape[0])
        labels = index
    else:
        labels = _labels_of_edges(ends)
    n_nodes = len(labels) if X is None else X.shape[0]
    return as_labels(labels, n_nodes), n_nodes


def _checked_number(n_nodes: int) -> int:
    """Return a number of nodes; raise ValueError unless memory can hold as many."""
    available = available_memory() or np.iinfo(np.int64).max
    if not 0 <= n_nodes <= available // _NODE_BYTES:
        raise ValueError(
            "nodes must be a number from 0 of nodes that fit into memory "
            f"({available // _NODE_BYTES}), got {n_nodes}. For node labels, pass the "
            "labels of all nodes as a list."
        )
    return n_nodes


def _labels_of_edges(ends: NDArray[Any]) -> Any:
    labels = as_index(ends.ravel())
    with label_errors(labels):
        labels = labels.unique()
    if len(labels) == 0 or labels.inferred_type in ("integer", "floating"):
        raise ValueError(
            "from_edges needs the number of nodes, since nodes may have no edges, got "
            "neither X nor nodes=. Pass X, or the number or labels of the nodes as "
            "nodes=."
        )
    try:
        return labels.sort_values()
    except TypeError as error:
        raise TypeError(
            "Without nodes=, from_edges sorts the labels in edges, got labels of types "
            f"that have no order ({error}). Pass the labels as nodes=."
        ) from error


def _positions_of(ends: NDArray[Any], labels: Any, n_nodes: int) -> NDArray[np.int64]:
    if labels is None:
        return _checked_positions(ends, n_nodes)
    given = as_index(ends.ravel())
    with label_errors(given):
        numbers = labels.get_indexer(given)
    if (numbers < 0).any():
        unknown = given[numbers < 0].unique()
        raise ValueError(
            f"edges must name nodes of the graph, got {listing(unknown)}, not among "
            f"the {len(labels)} labels ({listing(labels, 3)}). Add them to nodes= and "
            "X, or remove their edges."
        )
    shaped: NDArray[np.int64] = numbers.reshape(-1, 2).astype(np.int64)
    return shaped


def _checked_positions(ends: NDArray[Any], n_nodes: int) -> NDArray[np.int64]:
    try:
        with np.errstate(invalid="ignore"):
            positions = ends.astype(np.int64)
        whole = bool((positions == ends).all())
    except (TypeError, ValueError, OverflowError, np.ma.MaskError):
        whole = False
    if not whole:
        raise ValueError(
            "edges must hold positions (whole numbers from 0) where nodes have no "
            f"labels, got {listing(ends.ravel(), 3)}. Pass the labels as nodes=."
        )
    if len(positions) and not (positions.min() >= 0 and positions.max() < n_nodes):
        raise ValueError(
            f"edges must hold positions in 0 .. {n_nodes - 1}, got values from "
            f"{positions.min()} to {positions.max()}. Pass the labels or the number of "
            "all nodes as nodes=."
        )
    return positions


def _weights(weights: Any, n_edges: int) -> NDArray[np.float32]:
    if weights is None:
        return np.ones(n_edges, dtype=np.float32)
    values = as_array(weights, "weights", "one number per row of edges")
    if values.shape != (n_edges,):
        raise ValueError(
            f"weights must have one number per row of edges ({n_edges}), got shape "
            f"{values.shape}. Use edge_features= for several numbers per edge."
        )
    return as_weights(values)
