"""Labels and parts of a graph, aligned by name."""

from typing import Any

from skattn.graph._adjacency import canonical_adjacency
from skattn.graph._alignment import aligned, has_index
from skattn.graph._features import as_features
from skattn.graph._labels import as_index, as_labels, may_be_row_numbers, plain_index
from skattn.graph._square_frame import entries_by_node


def named_parts(
    adjacency: Any, X: Any, edge_features: Any, nodes: Any
) -> tuple[Any, Any, Any, Any]:
    """Return the checked parts of a graph in one order of nodes.

    The order is that of `nodes`, else of a labelled DataFrame `adjacency`.
    """
    X = as_features(X)
    beside_X = has_index(X) and has_index(nodes) and nodes.index.equals(X.index)
    labels = None if nodes is None else as_index(nodes)
    adjacency, labels = entries_by_node(adjacency, labels)
    adjacency, edge_features = canonical_adjacency(
        adjacency, edge_features, n_rows=None if X is None else X.shape[0]
    )
    if nodes is not None or (labels is not None and labels.is_unique):
        nodes = as_labels(labels, adjacency.shape[0])
    X = X if beside_X else aligned(X, labels, thing="X")
    return adjacency, X, edge_features, nodes


def names_of(graph: Any) -> Any:
    """Return the labels of all nodes of a graph: its own, or those of its features."""
    if graph.nodes is not None or not has_index(graph.X):
        return graph.nodes
    index = plain_index(graph.X.index)
    return index if index.is_unique and not may_be_row_numbers(index) else None
