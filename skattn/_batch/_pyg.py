"""Graphs to and from PyG.

Its messages flow from source to target, so the target is the receiver:
``adjacency[target, source]``.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn.graph import Graph


def graphs_from_pyg(data_list: Iterable[Any]) -> list[Graph]:
    """Make graphs of PyG's.

    ``x`` becomes the node features, ``edge_attr`` the edge features and ``edge_weight``
    the weights; what else an object holds, such as its answer ``y``, is left behind.
    Edges that occur twice are summed, or stay parallel where there is an ``edge_attr``.

    Parameters
    ----------
    data_list : iterable of torch_geometric.data.Data
        A list or a PyG dataset.

    Returns
    -------
    list of Graph
        One per object; an edge from source to target says that the target attends to
        the source.

    Raises
    ------
    TypeError
        If this is a single object, or something else is among them.
    ValueError
        If an object holds its edges as ``adj_t``, or its parts do not fit each other.

    See Also
    --------
    graphs_to_pyg : The way back.
    """
    if hasattr(data_list, "edge_index"):
        raise TypeError(
            "graphs_from_pyg takes a list of PyG's Data, got one "
            f"{type(data_list).__name__}. Pass [data], or batch.to_data_list()."
        )
    return [_from_data(number, data) for number, data in enumerate(data_list)]


def graphs_to_pyg(graphs: Iterable[Graph], y: Any = None) -> list[Any]:
    """Make PyG's objects of graphs.

    Node features become ``x``, edge features ``edge_attr``, weights ``edge_weight``
    (on all graphs if any is weighted); labels of nodes are left behind. The tensors are
    copies.

    Parameters
    ----------
    graphs : iterable of Graph
        Whole graphs, with numeric features or without.
    y : array-like of shape (n_graphs,) or (n_graphs, n_outputs), or None, default=None
        Numbers that become the answers ``y``, integers as int64 and others as float32.

    Returns
    -------
    list of torch_geometric.data.Data
        One per graph; a receiver is the target of its edges.

    Raises
    ------
    ImportError
        If torch_geometric is not installed.
    TypeError
        If something else than a graph is among them, or `y` is no array of numbers.
    ValueError
        If a graph is a view of some nodes, or there is not one answer per graph.

    See Also
    --------
    graphs_from_pyg : The way back.
    """
    try:
        from torch_geometric.data import Data
    except ImportError as error:
        raise ImportError(
            "graphs_to_pyg needs torch_geometric, which is not installed. Use "
            "pip install torch_geometric."
        ) from error
    graphs = _whole_graphs(graphs)
    weighted = any(graph.is_weighted for graph in graphs)
    answers = [{}] * len(graphs) if y is None else _answers(y, len(graphs))
    return [
        Data(**_to_parts(graph, weighted=weighted), **answer)
        for graph, answer in zip(graphs, answers, strict=True)
    ]


def _from_data(number: int, data: Any) -> Graph:
    if not hasattr(data, "edge_index"):
        raise TypeError(
            "graphs_from_pyg takes a list of PyG's Data, got "
            f"{type(data).__name__} at position {number}. Graphs with several kinds of "
            "nodes or edges become one kind by data.to_homogeneous()."
        )
    if data.edge_index is None and getattr(data, "adj_t", None) is not None:
        raise ValueError(
            f"A PyG graph must hold its edges as edge_index, number {number} holds "
            "them as adj_t. Leave the transform ToSparseTensor out."
        )
    return Graph(
        _adjacency(data),
        _features(data.x),
        edge_features=None if data.edge_attr is None else _array(data.edge_attr),
    )


def _adjacency(data: Any) -> sp.coo_array:
    """Return the entries in the order of the edges: edge features follow it."""
    n_nodes = int(data.num_nodes or 0)
    if data.edge_index is None:
        return sp.coo_array((n_nodes, n_nodes), dtype=np.float32)
    sources, targets = _array(data.edge_index)
    weight = getattr(data, "edge_weight", None)
    weights = (
        np.ones(len(sources), np.float32)
        if weight is None
        else _array(weight).reshape(-1)
    )
    return sp.coo_array((weights, (targets, sources)), shape=(n_nodes, n_nodes))


def _features(x: Any) -> Any:
    if x is None or x.layout == torch.strided:
        return None if x is None else _array(x)
    entries = x.to_sparse_coo().coalesce()
    places = tuple(_array(entries.indices()))
    return sp.csr_array((_array(entries.values()), places), shape=tuple(x.shape))


def _whole_graphs(graphs: Any) -> list[Graph]:
    if isinstance(graphs, Graph):
        raise TypeError("graphs_to_pyg takes a list of graphs, got one. Pass [graph].")
    listed: list[Graph] = list(graphs)
    for number, graph in enumerate(listed):
        _check_whole(number, graph)
    return listed


def _check_whole(number: int, graph: Any) -> None:
    if not isinstance(graph, Graph):
        raise TypeError(
            f"graphs_to_pyg takes a list of graphs, got {type(graph).__name__} at "
            f"position {number}. Make it a Graph(adjacency, X)."
        )
    if graph.is_view:
        raise ValueError(
            f"PyG's graphs have no targets, but graph {number} is a view that asks "
            f"about {len(graph)} of its {graph.n_nodes} nodes. Pass graph.base for all "
            "of it, or graph.subgraph() for these nodes alone."
        )


def _to_parts(graph: Graph, *, weighted: bool) -> dict[str, Any]:
    entries = graph.adjacency.tocoo(copy=False)
    edges = np.stack([entries.col, entries.row]).astype(np.int64)  # source, target
    parts: dict[str, Any] = {"edge_index": torch.from_numpy(edges)}
    if graph.X is None:
        parts["num_nodes"] = graph.n_nodes
    else:
        parts["x"] = _as_x(graph.X)
    if graph.edge_features is not None:
        parts["edge_attr"] = torch.tensor(graph.edge_features)
    if weighted:
        parts["edge_weight"] = torch.tensor(graph.adjacency.data)
    return parts


def _as_x(X: Any) -> Tensor:
    if not sp.issparse(X):
        return torch.tensor(np.asarray(X, dtype=np.float32))
    entries = X.tocoo()
    places = torch.tensor(np.stack([entries.row, entries.col]).astype(np.int64))
    values = torch.tensor(entries.data.astype(np.float32))
    x = torch.sparse_coo_tensor(places, values, X.shape, check_invariants=True)
    return x.coalesce()


def _answers(y: Any, n_graphs: int) -> list[dict[str, Tensor]]:
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise TypeError(
            f"y must hold numbers to become tensors, got an array of dtype {y.dtype}. "
            "Encode classes first, for example with sklearn's LabelEncoder."
        )
    if y.ndim == 0 or len(y) != n_graphs:
        raise ValueError(
            f"y must have one entry or row per graph ({n_graphs}), got shape {y.shape}."
        )
    numbers = torch.tensor(y.astype(np.float32 if y.dtype.kind == "f" else np.int64))
    return [{"y": answer} for answer in numbers.split(1)]


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array
