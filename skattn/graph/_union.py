"""Disjoint unions of graphs."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import index_dtype
from skattn.graph._data_objects import check_list, type_name
from skattn.graph._frames import column_names, is_frame, library_of, stacked_frames
from skattn.graph._labels import as_labels
from skattn.graph._schema import GraphSchema
from skattn.graph._types import GraphTypes


def union_parts(graphs: Iterable[Any]) -> tuple[Any, ...]:
    """Return adjacency, X, edge features, labels, types, targets of a union."""
    check_list(graphs, "graphs", "Graph", "Use [graph] for a single graph.")
    graphs = list(graphs)
    if not graphs:
        raise ValueError("Graph.union needs at least one graph, got none.")
    for number, graph in enumerate(graphs):
        if not hasattr(graph, "with_features"):
            raise TypeError(
                "Graph.union takes graphs alone, got "
                f"{type_name(graph)} at position {number}. Create graphs with "
                "Graph(adjacency, X)."
            )
    _check_no_descriptors(graphs)
    check_alike(graphs)
    nodes = _labels(graphs)
    adjacency, X, edge_features, node_ptr = side_by_side(graphs)
    types = GraphTypes.side_by_side([graph._types for graph in graphs])
    first = np.repeat(node_ptr[:-1], [len(graph.targets) for graph in graphs])
    return (
        adjacency,
        X,
        edge_features,
        as_labels(nodes, adjacency.shape[0]),
        types,
        np.concatenate([graph.targets for graph in graphs]) + first,
    )


def _check_no_descriptors(graphs: Sequence[Any]) -> None:
    for number, graph in enumerate(graphs):
        if graph.n_descriptors:
            raise ValueError(
                "Graph.union joins graphs without descriptors, which would describe "
                f"only a part of the result, got some on graph {number}. Use "
                "graph.with_descriptors(None), and add them as columns of X if they "
                "matter."
            )


def check_alike(graphs: Sequence[Any]) -> None:
    """Raise ValueError if graphs differ in their features or edge features."""
    expected = _feature_traits(graphs[0])
    for number, graph in enumerate(graphs):
        if _feature_traits(graph) != expected:
            here, there = _difference(graph, graphs[0])
            raise ValueError(
                "Graphs must agree in their features, edge features and types: graph "
                f"{number} has {here} where graph 0 has {there}. Use "
                "graph.with_features(...) to give all the same columns, "
                "graph.with_types(...) to give all or none types."
            )


def _feature_traits(graph: Any) -> tuple[Any, ...]:
    """Return numbers and kinds of features, presence of types, and column names."""
    X, edges = graph.X, graph.edge_features
    columns = column_names(X)
    return (
        None if X is None else X.shape[1],
        None if edges is None else edges.shape[1],
        graph._types.edges is None,
        graph._types.nodes is None,
        sparse.issparse(X),
        None if columns is None else (library_of(X), *columns),
    )


def _difference(graph: Any, first: Any) -> tuple[str, str]:
    """Describe the first difference between two graphs, for messages."""
    counts = GraphSchema.of(first).difference(GraphSchema.of(graph))
    if counts is not None:
        return (
            _count_text(counts.got, counts.noun),
            _count_text(counts.expected, counts.noun),
        )
    kinds = zip(_feature_kinds(graph), _feature_kinds(first), strict=True)
    for here, there in kinds:
        if here != there:
            return here, there
    columns = zip(graph.X.columns, first.X.columns, strict=True)
    a, b = next((a, b) for a, b in columns if a != b)
    return f"a column {a!r}", f"a column {b!r}"


def _count_text(n: int, noun: str) -> str:
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"


def _feature_kinds(graph: Any) -> tuple[str, ...]:
    """Return texts of the kinds of features, edge features and types."""
    X = graph.X
    table = f"a DataFrame of {library_of(X)}" if is_frame(X) else "an array"
    table = "a sparse matrix" if sparse.issparse(X) else table
    features = "no features" if X is None else f"{table} of features"
    none = "no " if graph.edge_features is None else ""
    no_types = [
        "no " if types is None else ""
        for types in (graph._types.edges, graph._types.nodes)
    ]
    return (
        features,
        f"{none}edge features",
        f"{no_types[0]}edge types",
        f"{no_types[1]}node types",
    )


def side_by_side(
    graphs: Sequence[Any],
) -> tuple[sparse.csr_array, Any, NDArray[np.float32] | None, NDArray[np.int64]]:
    """Return adjacency, X, edge features and node_ptr of a disjoint union.

    Graphs must have equal features; their targets and labels are ignored. Graph g holds
    the nodes ``node_ptr[g]`` to ``node_ptr[g + 1]``.
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
    """Return the node labels of all graphs; None if no graph has labels."""
    labelled = [graph.nodes is not None for graph in graphs]
    if any(labelled) and not all(labelled):
        raise ValueError(
            "In Graph.union all graphs or none must have node labels, got labels on "
            f"graph {labelled.index(True)} and none on graph {labelled.index(False)}. "
            "Pass labels to every graph: Graph(..., nodes=labels)."
        )
    return (
        graphs[0].nodes.append([g.nodes for g in graphs[1:]]) if labelled[0] else None
    )


def _block_diagonal(
    adjacencies: list[Any], node_ptr: NDArray[np.int64]
) -> sparse.csr_array:
    """Return a block-diagonal matrix; parallel edges keep their order."""
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
    if is_frame(tables[0]):
        return stacked_frames(tables)
    try:
        return np.concatenate(tables)
    except TypeError as error:
        dtypes = sorted({str(table.dtype) for table in tables})
        raise TypeError(
            f"Graphs must agree in the dtype of their features, got {dtypes}, which "
            "have no common one. Convert X to numbers."
        ) from error
