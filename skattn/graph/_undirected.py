"""Checks of undirected graphs without loops and weights."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from skattn.graph._collection import GraphCollection

REMEDY = "Make the adjacency symmetric: A.maximum(A.T)."


def check_undirected(collection: GraphCollection) -> None:
    """Raise ValueError unless graphs are undirected, without loops and weights."""
    adjacency = collection.whole.adjacency
    receivers = np.repeat(np.arange(adjacency.shape[0]), np.diff(adjacency.indptr))
    senders = adjacency.indices
    bad = np.flatnonzero(receivers == senders)
    if len(bad):
        i, _, graph = _ends(collection, receivers, senders, bad[0])
        raise ValueError(
            f"graphs must be without self-loops, got one at node {i} of graph {graph}. "
            "Remove them: A.setdiag(0), then A.eliminate_zeros()."
        )
    _check_values(collection, receivers, senders)
    order = transposed_order(receivers, senders)
    bad = np.flatnonzero((senders[order] != receivers) | (receivers[order] != senders))
    if len(bad):
        i, j, graph = _one_way(collection, receivers, senders)
        raise ValueError(
            f"graphs must be undirected, got an edge {i} -> {j} without {j} -> {i} in "
            f"graph {graph}. {REMEDY}"
        )


def are_connected(
    adjacency: sp.csr_array, node_ptr: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether each graph of a disjoint union is connected, (n_graphs,).

    Every graph has a node; graph g holds the nodes node_ptr[g] to node_ptr[g + 1].
    """
    _, components = connected_components(adjacency, directed=False)
    first = np.repeat(components[node_ptr[:-1]], np.diff(node_ptr))
    found: NDArray[np.bool_] = np.logical_and.reduceat(
        components == first, node_ptr[:-1]
    )
    return found


def transposed_order(
    receivers: NDArray[Any], senders: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the order in which edges in the other direction are sorted by rows."""
    return np.lexsort((receivers, senders))


def check_symmetric(collection: GraphCollection, labels: NDArray[np.int64]) -> None:
    """Raise ValueError unless both directions of every edge have the same label."""
    adjacency = collection.whole.adjacency
    receivers = np.repeat(np.arange(adjacency.shape[0]), np.diff(adjacency.indptr))
    other = labels[transposed_order(receivers, adjacency.indices)]
    bad = np.flatnonzero(labels != other)
    if len(bad):
        i, j, graph = _ends(collection, receivers, adjacency.indices, bad[0])
        raise ValueError(
            "edge features must be equal in both directions of an edge, but differ "
            f"between {i} -> {j} and {j} -> {i} in graph {graph}. Use the same row for "
            "both."
        )


def _check_values(
    collection: GraphCollection, receivers: NDArray[Any], senders: NDArray[Any]
) -> None:
    """Raise ValueError for weights and parallel edges."""
    weights = collection.whole.adjacency.data
    bad = np.flatnonzero(weights != 1)
    if len(bad):
        i, j, graph = _ends(collection, receivers, senders, bad[0])
        raise ValueError(
            f"edges must have no weights, got {weights[bad[0]]:g} for {i} -> {j} in "
            f"graph {graph}. Set the stored values to 1, and pass what they mean as "
            "edge_features."
        )
    twice = (np.diff(receivers) == 0) & (np.diff(senders) == 0)
    if twice.any():
        i, j, graph = _ends(collection, receivers, senders, int(np.argmax(twice)))
        raise ValueError(
            f"graphs must have at most one edge between two nodes, got several for "
            f"{i} -> {j} in graph {graph}. Merge them into one row of edge features."
        )


def _one_way(
    collection: GraphCollection, receivers: NDArray[Any], senders: NDArray[Any]
) -> tuple[int, int, int]:
    n = collection.n_nodes
    forward, back = receivers * np.int64(n) + senders, senders * np.int64(n) + receivers
    return _ends(collection, receivers, senders, int(np.argmin(np.isin(forward, back))))


def _ends(
    collection: GraphCollection,
    receivers: NDArray[Any],
    senders: NDArray[Any],
    edge: int,
) -> tuple[int, int, int]:
    """Return receiver and sender of an edge by position in its graph, and the graph."""
    ptr = collection.node_ptr
    graph = int(np.searchsorted(ptr, receivers[edge], side="right")) - 1
    first = ptr[graph]
    return int(receivers[edge] - first), int(senders[edge] - first), graph
