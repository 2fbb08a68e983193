"""Conversion to and from networkx."""

from typing import Any

import numpy as np

from skattn.graph._adjacency import entry_rows
from skattn.graph._edge_table import matrix_parts


def parts_from_networkx(
    graph: Any,
    X: Any,
    *,
    node_attributes: list[str] | None,
    weight: str | None,
    edge_attributes: list[str] | None,
) -> dict[str, Any]:
    """Return the constructor arguments of a Graph."""
    _check_networkx(graph)
    if X is not None and node_attributes is not None:
        raise ValueError(
            "from_networkx takes X or node_attributes, got both. Remove one."
        )
    labels = list(graph.nodes)
    position = {label: number for number, label in enumerate(labels)}
    edges = [(position[u], position[v], data) for u, v, data in graph.edges(data=True)]
    if node_attributes is not None:
        data = [graph.nodes[label] for label in labels]
        X = _data_columns(data, node_attributes, "node")
    features = None
    if edge_attributes is not None:
        features = _data_columns([data for *_, data in edges], edge_attributes, "edge")
    weights = [1 if weight is None else data.get(weight, 1) for *_, data in edges]
    ends = np.array([edge[:2] for edge in edges], dtype=np.int64).reshape(-1, 2)
    directed = graph.is_directed()
    parts = matrix_parts(ends, len(labels), weights, features, directed=directed)
    is_default = labels == list(range(len(labels)))
    return {**parts, "X": X, "nodes": None if is_default else labels}


def _check_networkx(graph: Any) -> None:
    if not (hasattr(graph, "adj") and hasattr(graph, "is_directed")):
        raise TypeError(
            f"graph must be a networkx graph, got {type(graph).__name__}. Use "
            "Graph(adjacency) for a matrix, Graph.from_edges(edges) for an edge list."
        )


def _data_columns(data: list[dict[str, Any]], names: list[str], owner: str) -> Any:
    """Return attributes of nodes or edges as a float array with a column per name."""
    missing = [name for name in names if any(name not in each for each in data)]
    if missing:
        raise ValueError(
            f"Every {owner} must have the attributes {names}, got some without "
            f"{missing}. Set these attributes of every {owner}."
        )
    rows = [[each[name] for name in names] for each in data]
    return np.array(rows, dtype=np.float64).reshape(len(data), len(names))


def to_networkx(graph: Any) -> Any:
    """Return the whole graph as a DiGraph, or a MultiDiGraph with parallel edges."""
    import networkx as nx

    base = graph.base
    labels = list(range(base.n_nodes)) if base.nodes is None else list(base.nodes)
    made = nx.DiGraph() if base.adjacency.has_canonical_format else nx.MultiDiGraph()
    made.add_nodes_from(zip(labels, _node_attributes(base.X), strict=False))
    made.add_nodes_from(labels)
    entries = zip(
        entry_rows(base.adjacency).tolist(),
        base.adjacency.indices.tolist(),
        _edge_attributes(base),
        strict=True,
    )
    made.add_edges_from((labels[i], labels[j], data) for i, j, data in entries)
    return made


def _node_attributes(X: Any) -> list[dict[str, Any]]:
    if X is None:
        return []
    if hasattr(X, "columns"):
        names, rows = [str(name) for name in X.columns], X.to_numpy().tolist()
    else:
        dense = X.toarray() if hasattr(X, "toarray") else X
        names, rows = [f"x{k}" for k in range(X.shape[1])], dense.tolist()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _edge_attributes(graph: Any) -> list[dict[str, float]]:
    weights = graph.adjacency.data.tolist()
    if graph.edge_features is None:
        return [{"weight": weight} for weight in weights]
    names = ["weight", *(f"e{k}" for k in range(graph.n_edge_features))]
    rows = np.column_stack([graph.adjacency.data, graph.edge_features]).tolist()
    return [dict(zip(names, row, strict=True)) for row in rows]
