"""Conversion to and from networkx."""

from collections.abc import Hashable, Iterable, Mapping
from reprlib import repr as short
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skattn.graph._adjacency import entry_rows
from skattn.graph._alignment import aligned, has_index
from skattn.graph._data_objects import CONVERSION_ERRORS
from skattn.graph._edge_table import matrix_parts
from skattn.graph._labels import as_index


class Owner(NamedTuple):
    """Node, edge or graph with attributes."""

    kind: str
    """"node", "edge" or "graph"."""
    label: Any
    """Label of the node, labels of both ends, or None."""
    data: Mapping[str, Any]

    def __str__(self) -> str:
        if self.kind == "graph":
            return "the graph"
        return f"{self.kind} {self.label!r}"


def parts_from_networkx(
    graph: Any,
    X: Any,
    *,
    node_attributes: list[str] | None,
    weight: str | None,
    edge_attributes: list[str] | None,
    graph_attributes: list[str] | None,
    edge_types: str | None = None,
    node_types: str | None = None,
) -> dict[str, Any]:
    """Return the constructor arguments of a Graph."""
    _check_networkx(graph)
    if X is not None and node_attributes is not None:
        raise ValueError(
            "from_networkx takes X or node_attributes, got both. Remove one."
        )
    labels = list(graph.nodes)
    position = {label: number for number, label in enumerate(labels)}
    edges = list(graph.edges(data=True))
    numbered = [(position[u], position[v]) for u, v, _ in edges]
    nodes = [Owner("node", label, graph.nodes[label]) for label in labels]
    if node_attributes is not None:
        X = _data_columns(nodes, node_attributes, "node_attributes")
    owners = [Owner("edge", (u, v), data) for u, v, data in edges]
    features = None
    if edge_attributes is not None:
        features = _data_columns(owners, edge_attributes, "edge_attributes")
    weights = None if weight is None else _edge_weights(owners, weight)
    ends = np.array(numbered, dtype=np.int64).reshape(-1, 2)
    directed = graph.is_directed()
    types = None
    if edge_types is not None:
        types = _types(_with_keys(graph, owners, edge_types), edge_types)
    parts = matrix_parts(ends, len(labels), weights, features, types, directed=directed)
    if node_types is not None:
        parts["node_types"] = _types(nodes, node_types)
    if graph_attributes is not None:
        parts["descriptors"] = _graph_numbers(graph.graph, graph_attributes)
    if labels != list(range(len(labels))):
        return {**parts, "X": X, "nodes": labels}
    return {**parts, "X": _by_number(X), "nodes": None}


def _with_keys(graph: Any, edges: list[Owner], name: str) -> list[Owner]:
    """Return the edges, with their keys as attribute "key" if they have none."""
    has_own = any(name in edge.data for edge in edges)
    if name != "key" or has_own or not graph.is_multigraph():
        return edges
    keys = [key for _, _, key in graph.edges(keys=True)]
    return [
        edge._replace(data={"key": key}) for edge, key in zip(edges, keys, strict=True)
    ]


def _types(owners: list[Owner], name: str) -> NDArray[Any]:
    """Return the types of nodes or edges, which all of them have."""
    _check_set(owners, name, "Set it, such as to 'unknown'.")
    types = np.empty(len(owners), dtype=object)
    types[:] = [owner.data[name] for owner in owners]
    return types


def _graph_numbers(data: Mapping[str, Any], names: Any) -> dict[str, float]:
    """Return attributes of a graph by name; entries of a vector are numbered."""
    owners = [Owner("graph", None, data)]
    numbers: dict[str, float] = {}
    _check_names(names, "graph_attributes")
    for name in names:
        (row,) = _attribute(owners, name)
        is_vector = np.ndim(data[name]) > 0
        texts = [f"{name}_{k}" for k in range(len(row))] if is_vector else [str(name)]
        numbers.update(zip(texts, row.tolist(), strict=True))
    return numbers


def _by_number(X: Any) -> Any:
    """Return features of nodes 0 .. n - 1 in this order, if these are their labels."""
    if not has_index(X) or not X.index.is_unique:
        return X
    numbers = as_index(range(len(X)))
    is_permuted = numbers.isin(X.index).all()
    return aligned(X, numbers, thing="X") if is_permuted else X


def _check_networkx(graph: Any) -> None:
    if not (hasattr(graph, "adj") and hasattr(graph, "is_directed")):
        raise TypeError(
            f"graph must be a networkx graph, got {type(graph).__name__}. Use "
            "Graph(adjacency) for a matrix, Graph.from_edges(edges) for an edge list."
        )


def _edge_weights(edges: list[Owner], name: str) -> NDArray[np.float64]:
    """Return the edge weights, 1 for edges without the attribute."""
    if not isinstance(name, Hashable):
        raise TypeError(
            f"weight must be the name of an edge attribute or None, got {name!r}."
        )
    values = [edge.data.get(name, 1) for edge in edges]
    rows = _fast_rows(values)
    if rows is None or rows.shape[1] != 1:
        rows = np.array([_weight(edge, name) for edge in edges], dtype=np.float64)
    return rows.reshape(len(edges))


def _weight(edge: Owner, name: str) -> float:
    value = _numbers(edge, edge.data.get(name, 1), name)
    if value.size != 1:
        raise ValueError(
            f"The attribute {name!r} of every edge must be one number, its weight, "
            f"got {value.size} at {edge}. Set weight=None, and edge_attributes= for "
            "several numbers per edge."
        )
    return float(value.item())


def _data_columns(
    owners: list[Owner], names: Any, parameter: str
) -> NDArray[np.float64]:
    """Return attributes of nodes or edges as columns; a vector is several columns."""
    _check_names(names, parameter)
    columns = [_attribute(owners, name) for name in names]
    return np.hstack([np.empty((len(owners), 0)), *columns])


def _check_names(names: Any, parameter: str) -> None:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(
            f"{parameter} must be a list of names, got {names!r}. Use [{names!r}]."
        )


def _attribute(owners: list[Owner], name: str) -> NDArray[np.float64]:
    """Return an attribute of all owners, (n_owners, n_numbers)."""
    values = [owner.data.get(name) for owner in owners]
    _check_set(owners, name, "Set it, to NaN where it is unknown.")
    fast = _fast_rows(values)
    return _rows(owners, name) if fast is None else fast


def _check_set(owners: list[Owner], name: str, remedy: str) -> None:
    missing = [owner for owner in owners if owner.data.get(name) is None]
    if missing:
        raise ValueError(
            f"The attribute {name!r} must be set at every {missing[0].kind}, is "
            f"missing at {missing[0]} ({len(missing)} of {len(owners)}). {remedy}"
        )


def _fast_rows(values: list[Any]) -> NDArray[np.float64] | None:
    """Return numbers or vectors of one length as rows, None for others."""
    try:
        array = np.asarray(values)
    except CONVERSION_ERRORS:
        return None
    if array.dtype.kind not in "biuf":
        return None
    return array.astype(np.float64).reshape(len(values), -1) if len(values) else None


def _rows(owners: list[Owner], name: str) -> NDArray[np.float64]:
    rows: list[NDArray[np.float64]] = []
    for owner in owners:
        rows.append(_numbers(owner, owner.data[name], name).ravel())
        if len(rows[-1]) != len(rows[0]):
            raise ValueError(
                f"The attribute {name!r} must hold as many numbers at {owner} as at "
                f"{owners[0]} ({len(rows[0])}), got {len(rows[-1])}. Fill missing "
                "numbers with NaN."
            )
    return np.array(rows, dtype=np.float64).reshape(
        len(owners), len(rows[0]) if rows else 1
    )


def _numbers(owner: Owner, value: Any, name: str) -> NDArray[np.float64]:
    """Return the number or the numbers of an attribute as an array."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biufOUS" or value is None:
            raise TypeError(f"dtype {array.dtype}")
        return array.astype(np.float64)
    except CONVERSION_ERRORS as error:
        raise ValueError(
            f"The attribute {name!r} must hold a number or a vector of numbers, got "
            f"{short(value)} at {owner}. Encode categories as numbers first."
        ) from error


def to_networkx(graph: Any) -> Any:
    """Return the whole graph as a DiGraph, or a MultiDiGraph with parallel edges."""
    import networkx as nx

    base = graph.base
    labels = list(range(base.n_nodes)) if base.nodes is None else list(base.nodes)
    made = nx.DiGraph() if base.adjacency.has_canonical_format else nx.MultiDiGraph()
    made.graph.update(_graph_attributes(base))
    made.add_nodes_from(zip(labels, _node_attributes(base.X), strict=False))
    made.add_nodes_from(labels)
    if base.node_types is not None:
        for label, kind in zip(labels, base.node_types.tolist(), strict=True):
            made.nodes[label]["node_type"] = kind
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


def _graph_attributes(graph: Any) -> dict[str, float]:
    if graph.descriptors is None:
        return {}
    names = graph.descriptor_names or [f"d{k}" for k in range(graph.n_descriptors)]
    return dict(zip(names, graph.descriptors.tolist(), strict=True))


def _edge_attributes(graph: Any) -> list[dict[str, Any]]:
    columns = [graph.adjacency.data]
    names = ["weight", *(f"e{k}" for k in range(graph.n_edge_features))]
    if graph.edge_features is not None:
        columns += [graph.edge_features]
    rows = np.column_stack(columns).tolist()
    if graph.edge_types is not None:
        names.append("edge_type")
        rows = [
            [*row, kind]
            for row, kind in zip(rows, graph.edge_types.tolist(), strict=True)
        ]
    return [dict(zip(names, row, strict=True)) for row in rows]
