"""Conversion to and from PyG.

PyG's messages flow from source to target, so the target of an edge is the receiver.
torch and PyG are imported inside the functions.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._data_objects import as_array, check_list
from skattn.graph._graph import Graph
from skattn.graph._graph_list import whole_graphs
from skattn.graph._numbers import as_floats
from skattn.graph._pyg_hetero import hetero_arrays, hetero_parts, is_hetero
from skattn.graph._pyg_tensors import (
    read_edge_index,
    read_features,
    read_field,
    read_n_nodes,
    read_weights,
    to_tensor,
)


def graphs_from_pyg(data_list: Iterable[Any]) -> list[Graph]:
    """Convert PyG data objects to a list of Graph.

    ``x`` becomes the node features, ``edge_attr`` the edge features, ``edge_weight``
    the edge weights and ``u``, of shape (1, n) or (n,), the descriptors; other
    attributes, such as the labels ``y``, are dropped. Duplicate edges are summed unless
    there is an ``edge_attr`` or ``edge_type``. ``edge_type`` and ``node_type`` become
    the types of edges and nodes; those of a ``HeteroData`` are the names of its
    relations (with the types of both ends, ``"paper__cites__paper"``, where a relation
    joins several) and of its nodes, and nodes of different types have columns of their
    own.

    Parameters
    ----------
    data_list : iterable of torch_geometric.data.Data or HeteroData
        A list or a PyG dataset.

    Returns
    -------
    list of Graph
        One graph per object, in which the target of an edge attends to its source.

    Raises
    ------
    TypeError
        If an entry is not a ``Data`` or ``HeteroData`` object.
    ValueError
        If an object stores its edges as ``adj_t``, or shapes do not match; the message
        names the graph and the field.

    See Also
    --------
    skattn.graph.graphs_to_pyg : The inverse conversion.

    Examples
    --------
    >>> from skattn.graph import graphs_from_pyg
    >>> from torch_geometric.datasets import TUDataset  # doctest: +SKIP
    >>> graphs = graphs_from_pyg(TUDataset("data", name="MUTAG"))  # doctest: +SKIP
    """
    if _has_edges(data_list) or is_hetero(data_list):
        raise TypeError(
            "graphs_from_pyg takes a list of PyG's Data, got one "
            f"{type(data_list).__name__}. Pass [data], or batch.to_data_list()."
        )
    check_list(data_list, "data_list", "PyG's Data", "Use [data] for a single one.")
    return [_from_data(number, data) for number, data in enumerate(data_list)]


def graphs_to_pyg(graphs: Iterable[Graph], y: Any = None) -> list[Any]:
    """Convert graphs to PyG data objects.

    Node features become ``x``, edge features ``edge_attr``, if a graph is weighted,
    edge weights ``edge_weight``, and descriptors ``u`` of shape (1, n_descriptors);
    node labels are dropped. Tensors are copies. If a graph has types, all become
    ``HeteroData``, with a store per node type ("node" without any) and per edge type
    ("edge"); columns that are 0 for all nodes of a type are left out where no column
    belongs to two types.

    Parameters
    ----------
    graphs : iterable of Graph
        Graphs with all nodes as targets, with numeric features or without.
    y : array-like of shape (n_graphs,) or (n_graphs, n_outputs), or None, default=None
        Numeric labels, which become ``y``: integers as int64, others as float32.

    Returns
    -------
    list of torch_geometric.data.Data or HeteroData
        One object per graph, in which receivers are the targets of edges.

    Raises
    ------
    ImportError
        If torch_geometric is not installed.
    TypeError
        If an entry is not a Graph, or ``y`` is not numeric.
    ValueError
        If a graph is a view of some nodes, or ``y`` does not have one entry per graph.

    See Also
    --------
    skattn.graph.graphs_from_pyg : The inverse conversion.
    """
    try:
        from torch_geometric.data import Data
    except ImportError as error:
        raise ImportError(
            "graphs_to_pyg needs torch_geometric, which is not installed. Use "
            "pip install torch_geometric."
        ) from error
    graphs = whole_graphs(graphs)
    weighted = any(graph.is_weighted for graph in graphs)
    parts = [_to_arrays(graph, weighted=weighted) for graph in graphs]
    if y is not None:
        numbers = _numbers(y, len(graphs))
        parts = [part | {"y": numbers[g : g + 1]} for g, part in enumerate(parts)]
    if any(graph.n_edge_types or graph.n_node_types for graph in graphs):
        return [
            _hetero_data(graph, part) for graph, part in zip(graphs, parts, strict=True)
        ]
    return [
        Data(
            num_nodes=graph.n_nodes if graph.X is None else None,
            **{name: to_tensor(array) for name, array in part.items()},
        )
        for graph, part in zip(graphs, parts, strict=True)
    ]


def _hetero_data(graph: Graph, arrays: dict[str, Any]) -> Any:
    """Return a graph with types as HeteroData."""
    from torch_geometric.data import HeteroData

    made = HeteroData()
    for name in ("u", "y"):
        if name in arrays:
            made[name] = to_tensor(arrays[name])
    for store, fields in hetero_arrays(graph, arrays).items():
        for name, value in fields.items():
            is_count = isinstance(value, int)
            made[store][name] = value if is_count else to_tensor(value)
    return made


def _from_data(number: int, data: Any) -> Graph:
    try:
        if is_hetero(data):
            return Graph(**hetero_parts(data), descriptors=_descriptors(data))
    except (RuntimeError, TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"At position {number} of data_list: {error}") from error
    if not _has_edges(data):
        raise TypeError(
            "graphs_from_pyg takes a list of PyG's Data and HeteroData, got "
            f"{type(data).__name__} at position {number}."
        )
    if data.edge_index is None and getattr(data, "adj_t", None) is not None:
        raise ValueError(
            f"A PyG graph must hold its edges as edge_index, number {number} holds "
            "them as adj_t. Remove the transform ToSparseTensor."
        )
    try:
        X = read_features(data.x)
        return Graph(
            _adjacency(data),
            X,
            edge_features=read_field(data, "edge_attr"),
            descriptors=_descriptors(data),
            edge_types=read_field(data, "edge_type"),
            node_types=read_field(data, "node_type"),
        )
    except (RuntimeError, TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"At position {number} of data_list: {error}") from error


def _descriptors(data: Any) -> NDArray[Any] | None:
    """Return the global attribute u as a vector, None if it is not set."""
    u = read_field(data, "u")
    if u is None or u.ndim == 1:
        return u
    if u.ndim != 2 or len(u) != 1:
        raise ValueError(
            "u must hold the descriptors of one graph, of shape (1, n_descriptors) or "
            f"(n_descriptors,), got {u.shape}. Use u.reshape(1, -1), or delete u."
        )
    row: NDArray[Any] = u[0]
    return row


def _adjacency(data: Any) -> sp.coo_array:
    """Return a COO adjacency with entries in the order of the edges."""
    sources, targets = read_edge_index(data)
    n_nodes = read_n_nodes(data)
    largest = max(sources.max(initial=-1), targets.max(initial=-1))
    smallest = min(sources.min(initial=0), targets.min(initial=0))
    if smallest < 0 or largest >= n_nodes:
        raise ValueError(
            f"edge_index must hold positions in 0 .. {n_nodes - 1}, the nodes of the "
            f"graph, got values from {smallest} to {largest}. Set num_nodes or x for "
            "all nodes."
        )
    weights = read_weights(data, len(sources))
    return sp.coo_array((weights, (targets, sources)), shape=(n_nodes, n_nodes))


def _has_edges(data: Any) -> bool:
    try:
        return hasattr(data, "edge_index")
    except KeyError:  # HeteroData without edges
        return False


def _to_arrays(graph: Graph, *, weighted: bool) -> dict[str, Any]:
    entries = graph.adjacency.tocoo(copy=False)
    arrays: dict[str, Any] = {
        "edge_index": np.stack([entries.col, entries.row]).astype(np.int64)
    }
    if sp.issparse(graph.X):
        arrays["x"] = graph.X
    elif graph.X is not None:
        arrays["x"] = as_floats(graph.X, "X").astype(np.float32)
    if graph.edge_features is not None:
        arrays["edge_attr"] = graph.edge_features
    if graph.descriptors is not None:
        arrays["u"] = graph.descriptors[None].astype(np.float32)
    if weighted:
        arrays["edge_weight"] = graph.adjacency.data
    return arrays


def _numbers(y: Any, n_graphs: int) -> NDArray[Any]:
    y = as_array(y, "y", "one label per graph")
    if y.dtype.kind not in "biuf":
        raise TypeError(
            f"y must hold numbers to become tensors, got an array of dtype {y.dtype}. "
            "Encode classes first, for example with sklearn's LabelEncoder."
        )
    if y.ndim == 0 or len(y) != n_graphs:
        raise ValueError(
            f"y must have one entry or row per graph ({n_graphs}), got shape {y.shape}."
        )
    numbers: NDArray[Any] = y.astype(np.float32 if y.dtype.kind == "f" else np.int64)
    return numbers
