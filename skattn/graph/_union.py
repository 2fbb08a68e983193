"""The disjoint union of graphs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import index_dtype
from skattn.graph._labels import as_labels
from skattn.graph._schema import GraphSchema


def union_parts(graphs: Sequence[Any]) -> tuple[Any, ...]:
    """Return adjacency, X, edge features, labels and targets of the union."""
    if not graphs:
        raise ValueError("Graph.union needs at least one graph, got none.")
    check_alike(graphs)
    nodes = _labels(graphs)
    adjacency, X, edge_features, node_ptr = side_by_side(graphs)
    first = np.repeat(node_ptr[:-1], [len(graph.targets) for graph in graphs])
    return (
        adjacency,
        X,
        edge_features,
        as_labels(nodes, adjacency.shape[0]),
        np.concatenate([graph.targets for graph in graphs]) + first,
    )


def check_alike(graphs: Sequence[Any]) -> None:
    """Raise unless all have the same features and edge features."""
    schema, table = GraphSchema.of(graphs[0]), _table_form(graphs[0])
    for number, graph in enumerate(graphs):
        counts = schema.difference(GraphSchema.of(graph))
        if counts is not None:
            here = _counted(counts.got, counts.noun)
            there = _counted(counts.expected, counts.noun)
        elif (form := _table_form(graph)) != table:
            here, there = _difference(form, table)
        else:
            continue
        raise ValueError(
            "Graphs must agree in their features and edge features: graph "
            f"{number} has {here} where graph 0 has {there}. Give all the same "
            "columns, graph.with_features(...), or none."
        )


def side_by_side(
    graphs: Sequence[Any],
) -> tuple[sparse.csr_array, Any, NDArray[np.float32] | None, NDArray[np.int64]]:
    """Lay out the disjoint union of graphs with equal features.

    Parameters
    ----------
    graphs : sequence of Graph
        At least one; their targets and labels do not matter.

    Returns
    -------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Block-diagonal; parallel edges stay in their order.
    X : array, sparse matrix, DataFrame or None
        The features of all nodes.
    edge_features : ndarray of shape (n_edges, n_edge_features) or None
        In the order of the entries of `adjacency`.
    node_ptr : ndarray of shape (n_graphs + 1,), int64
        Graph g holds the nodes ``node_ptr[g]`` to ``node_ptr[g + 1]``.
    """
    adjacencies = [graph.adjacency for graph in graphs]
    sizes = np.array([len(part.indptr) - 1 for part in adjacencies], dtype=np.int64)
    node_ptr = np.concatenate([[0], np.cumsum(sizes)])
    edge_features = None
    if graphs[0].edge_features is not None:
        edge_features = np.concatenate([graph.edge_features for graph in graphs])
    X = _stacked([graph.X for graph in graphs])
    return _block_diagonal(adjacencies, node_ptr), X, edge_features, node_ptr


def _labels(graphs: Sequence[Any]) -> Any:
    """Return the labels of all graphs; None if no graph has labels."""
    labelled = [graph.nodes is not None for graph in graphs]
    if any(labelled) and not all(labelled):
        raise ValueError(
            "Graph.union needs graphs that all have labels, or none, got labels on "
            f"graph {labelled.index(True)} and none on graph {labelled.index(False)}. "
            "Give each its labels: Graph(..., nodes=labels)."
        )
    return (
        graphs[0].nodes.append([g.nodes for g in graphs[1:]]) if labelled[0] else None
    )


def _counted(n: int, noun: str) -> str:
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"


def _table_form(graph: Any) -> tuple[Any, ...]:
    """Return the kinds of the tables of features, as text, and the column names."""
    X = graph.X
    kind = "a DataFrame of" if hasattr(X, "columns") else "an array of"
    kind = "a sparse matrix of" if sparse.issparse(X) else kind
    edges = "no edge features" if graph.edge_features is None else "edge features"
    return (
        "no features" if X is None else f"{kind} features",
        edges,
        tuple(getattr(X, "columns", ())),
    )


def _difference(here: tuple[Any, ...], there: tuple[Any, ...]) -> tuple[str, str]:
    """Return the first kinds or columns that differ, as text."""
    pairs = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    if isinstance(pairs[0][0], str):
        return pairs[0]
    a, b = next((a, b) for a, b in zip(*pairs[0], strict=True) if a != b)
    return f"a column {a!r}", f"a column {b!r}"


def _block_diagonal(
    adjacencies: list[Any], node_ptr: NDArray[np.int64]
) -> sparse.csr_array:
    """Return a block-diagonal matrix; parallel edges stay in their order."""
    counts = np.array([len(part.indices) for part in adjacencies], dtype=np.int64)
    n_nodes, n_edges = int(node_ptr[-1]), int(counts.sum())
    index = index_dtype(n_nodes, n_edges)
    starts = np.repeat(node_ptr[:-1].astype(index), counts)
    senders = np.concatenate([part.indices for part in adjacencies]) + starts
    before = np.repeat((np.cumsum(counts) - counts).astype(index), np.diff(node_ptr))
    ends = np.concatenate([part.indptr[1:] for part in adjacencies]) + before
    weights = np.concatenate([part.data for part in adjacencies])
    parts = (
        weights,
        senders.astype(index, copy=False),
        np.concatenate([[0], ends]).astype(index, copy=False),
    )
    return sparse.csr_array(parts, shape=(n_nodes, n_nodes))


def _stacked(tables: list[Any]) -> Any:
    if tables[0] is None:
        return None
    if sparse.issparse(tables[0]):
        return sparse.vstack(tables, format="csr")
    if hasattr(tables[0], "columns"):
        import pandas as pd

        return pd.concat(tables)
    return np.concatenate(tables)
