"""Labels and parts of a graph, aligned by name."""

from typing import Any

from skattn.graph._adjacency import canonical_edges
from skattn.graph._alignment import aligned, has_index
from skattn.graph._features import as_features
from skattn.graph._labels import as_index, as_labels, may_be_row_numbers, plain_index
from skattn.graph._node_tables import of_tables
from skattn.graph._square_frame import entries_by_node
from skattn.graph._types import GraphTypes, as_types


def named_parts(
    adjacency: Any,
    X: Any,
    edge_features: Any,
    nodes: Any,
    edge_types: Any = None,
    node_types: Any = None,
) -> dict[str, Any]:
    """Return the checked parts of a graph in one order of nodes, by name.

    The order is that of `nodes`, else of a labelled DataFrame `adjacency`.
    """
    names = None if nodes is None else as_index(nodes)
    node_types = aligned(node_types, names, thing="node_types")
    X, node_types = of_tables(X, node_types, names)
    X = as_features(X)
    beside_X = has_index(X) and has_index(nodes) and nodes.index.equals(X.index)
    adjacency, labels = entries_by_node(adjacency, names)
    adjacency, edge_features, edge_types = canonical_edges(
        adjacency, edge_features, edge_types, n_rows=None if X is None else X.shape[0]
    )
    if nodes is not None or (labels is not None and labels.is_unique):
        nodes = as_labels(labels, adjacency.shape[0])
    X = X if beside_X else aligned(X, labels, thing="X")
    node_types = aligned(node_types, labels, thing="node_types")
    types = GraphTypes(
        edge_types, as_types(node_types, adjacency.shape[0], "node_types", "node")
    )
    return {
        "adjacency": adjacency,
        "X": X,
        "edge_features": edge_features,
        "nodes": nodes,
        "types": types,
    }


def names_of(graph: Any) -> Any:
    """Return the labels of all nodes of a graph: its own, or those of its features."""
    if graph.nodes is not None or not has_index(graph.X):
        return graph.nodes
    index = plain_index(graph.X.index)
    return index if index.is_unique and not may_be_row_numbers(index) else None
