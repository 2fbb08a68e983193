"""Conversion to and from PyG's HeteroData, graphs with types of nodes and edges."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._node_tables import tables_of
from skattn.graph._pyg_tensors import (
    read_edge_index,
    read_features,
    read_field,
    read_n_nodes,
    read_weights,
)
from skattn.graph._types import Types

EdgeStore = tuple[str, str, str]
"""Types of the senders, of the edges and of the receivers."""


def is_hetero(data: Any) -> bool:
    """Return whether this is a HeteroData object."""
    return isinstance(getattr(data, "node_types", None), list) and hasattr(
        data, "edge_stores"
    )


def hetero_parts(data: Any) -> dict[str, Any]:
    """Return the constructor arguments of a Graph, but the descriptors."""
    sizes = {name: read_n_nodes(data[name]) for name in data.node_types}
    first = dict(zip(sizes, np.cumsum([0, *sizes.values()]), strict=False))
    names = relation_names(data.edge_types)
    ends, weights, features, types = [], [], {}, []
    for store, name in names.items():
        sources, targets = _ends(data, store, sizes)
        ends.append([first[store[2]] + targets, first[store[0]] + sources])
        weights.append(read_weights(data[store], len(sources)))
        features[store] = read_field(data[store], "edge_attr")
        types += [name] * len(sources)
    n_nodes = sum(sizes.values())
    rows, columns = np.concatenate([np.empty((2, 0), np.int64), *ends], 1)
    entries = np.concatenate([np.empty(0, np.float32), *weights]), (rows, columns)
    return {
        "adjacency": sp.coo_array(entries, shape=(n_nodes, n_nodes)),
        "X": _tables(data, sizes),
        "edge_features": _edge_features(features),
        "edge_types": types,
        "node_types": np.repeat(np.array([*sizes], dtype=str), [*sizes.values()]),
    }


def relation_names(stores: list[EdgeStore]) -> dict[EdgeStore, str]:
    """Return a name for each store of edges: its relation, if no other has it."""
    counts = Counter(relation for _, relation, _ in stores)
    return {
        store: store[1] if counts[store[1]] == 1 else "__".join(store)
        for store in stores
    }


def _ends(
    data: Any, store: EdgeStore, sizes: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if getattr(data[store], "adj_t", None) is not None:
        raise ValueError(
            f"the edges of {store} must be held as edge_index, got adj_t. Remove the "
            "transform ToSparseTensor."
        )
    sources, targets = read_edge_index(data[store])
    for nodes, kind in ((sources, store[0]), (targets, store[2])):
        if len(nodes) and not (nodes.min() >= 0 and nodes.max() < sizes.get(kind, 0)):
            raise ValueError(
                f"edge_index of {store} must hold positions in 0 .. "
                f"{sizes.get(kind, 0) - 1}, the nodes of type {kind!r}, got values "
                f"from {nodes.min()} to {nodes.max()}. Set x or num_nodes of this type."
            )
    return sources, targets


def _tables(data: Any, sizes: Mapping[str, int]) -> Any:
    """Return the features of each node type; None if no type has any."""
    tables = {name: read_features(getattr(data[name], "x", None)) for name in sizes}
    if all(table is None for table in tables.values()):
        return None
    return {
        name: np.empty((sizes[name], 0), np.float32) if table is None else table
        for name, table in tables.items()
    }


def _edge_features(features: Mapping[EdgeStore, Any]) -> Any:
    """Return the edge features of all stores, which have equally many or none."""
    tables = {
        store: rows if rows is None or rows.ndim != 1 else rows[:, None]
        for store, rows in features.items()
    }
    widths = {None if rows is None else rows.shape[1] for rows in tables.values()}
    if widths <= {None}:
        return None
    if len(widths) > 1:
        raise ValueError(
            "edge_attr must have equally many columns for all edge types, got "
            f"{sorted(widths, key=str)}. Fill them with zeros, or delete edge_attr."
        )
    return np.concatenate(list(tables.values()))


def hetero_arrays(graph: Any, arrays: Mapping[str, Any]) -> dict[Any, dict[str, Any]]:
    """Return the fields of every store of nodes and of edges, as arrays and counts.

    `arrays` are those of the graph without types.
    """
    nodes = graph._types.nodes or _one_type("node", graph.n_nodes)
    edges = graph._types.edges or _one_type("edge", graph.n_edges)
    place = np.empty(graph.n_nodes, np.int64)
    stores: dict[Any, dict[str, Any]] = {}
    tables = None if graph.X is None else tables_of(arrays["x"], nodes)
    _, first = np.unique(nodes.codes, return_index=True)
    for code in nodes.codes[np.sort(first)].tolist():  # in the order of the nodes
        name = nodes.listed[code]
        members = np.flatnonzero(nodes.codes == code)
        place[members] = np.arange(len(members))
        fields = {"num_nodes": len(members)} if tables is None else {"x": tables[name]}
        stores[str(name)] = fields
    senders, receivers = arrays["edge_index"]
    kinds = np.stack([nodes.codes[senders], edges.codes, nodes.codes[receivers]], 1)
    for kind in np.unique(kinds, axis=0):
        chosen = np.flatnonzero((kinds == kind).all(1))
        fields = {"edge_index": place[arrays["edge_index"][:, chosen]]}
        for field in ("edge_attr", "edge_weight"):
            if field in arrays:
                fields[field] = arrays[field][chosen]
        sender, relation, receiver = kind.tolist()
        ends = str(nodes.listed[sender]), str(nodes.listed[receiver])
        stores[_store(ends, str(edges.listed[relation]))] = fields
    return stores


def _one_type(name: str, n: int) -> Types:
    return Types(np.zeros(n, np.int32), np.array([name]))


def _store(ends: tuple[str, str], name: str) -> EdgeStore:
    """Return the key of a store; a name with the types of both ends is cut."""
    before, after = f"{ends[0]}__", f"__{ends[1]}"
    if name.startswith(before) and name.endswith(after):
        name = name.removeprefix(before).removesuffix(after) or name
    return ends[0], name, ends[1]
