"""Graphs side by side in one."""

from typing import Any

import numpy as np
from scipy import sparse

from skattn.graph._adjacency import csr_from_entries, entry_rows
from skattn.graph._labels import as_labels


def union_parts(graphs: list[Any]) -> tuple[Any, ...]:
    """Return adjacency, X, edge features, labels and targets of the union."""
    if not graphs:
        raise ValueError("Graph.union needs at least one graph, got none.")
    _check_alike(graphs)
    offsets = np.concatenate([[0], np.cumsum([graph.n_nodes for graph in graphs])])
    adjacency = _block_diagonal([graph.adjacency for graph in graphs], offsets)
    edge_features, nodes = None, None
    if graphs[0].edge_features is not None:
        edge_features = np.concatenate([graph.edge_features for graph in graphs])
    if graphs[0].nodes is not None:
        nodes = graphs[0].nodes.append([graph.nodes for graph in graphs[1:]])
    targets = [
        graph.targets + start for graph, start in zip(graphs, offsets[:-1], strict=True)
    ]
    return (
        adjacency,
        _stacked([graph.X for graph in graphs]),
        edge_features,
        as_labels(nodes, adjacency.shape[0]),
        np.concatenate(targets),
    )


def _check_alike(graphs: list[Any]) -> None:
    for number, graph in enumerate(graphs):
        if _kind(graph) != _kind(graphs[0]):
            raise ValueError(
                "Graph.union needs graphs alike in features, edge features and labels, "
                f"got {graphs[0]!r} and, at {number}, {graph!r}, of kinds "
                f"{_kind(graphs[0])} and {_kind(graph)}. Use graph.with_features(...) "
                "to give them the same columns."
            )


def _kind(graph: Any) -> tuple[Any, ...]:
    X = graph.X
    columns = tuple(X.columns) if hasattr(X, "columns") else graph.n_features
    form = "sparse" if sparse.issparse(X) else type(X).__name__
    labelled = "labels" if graph.nodes is not None else "no labels"
    return form, columns, graph.n_edge_features, labelled


def _block_diagonal(adjacencies: list[Any], offsets: Any) -> sparse.csr_array:
    """Stack matrices that may hold parallel edges, which stay in their order."""
    starts = list(zip(adjacencies, offsets[:-1], strict=True))
    receivers = [entry_rows(part).astype(np.int64) + start for part, start in starts]
    senders = [part.indices.astype(np.int64) + start for part, start in starts]
    weights = np.concatenate([part.data for part in adjacencies])
    n_nodes = int(offsets[-1])
    return csr_from_entries(
        np.concatenate(receivers), np.concatenate(senders), weights, n_nodes
    )


def _stacked(tables: list[Any]) -> Any:
    if tables[0] is None:
        return None
    if sparse.issparse(tables[0]):
        return sparse.vstack(tables, format="csr")
    if hasattr(tables[0], "columns"):
        import pandas as pd

        return pd.concat(tables)
    return np.concatenate(tables)
