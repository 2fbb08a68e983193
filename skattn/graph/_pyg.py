"""Conversion to and from PyG.

PyG's messages flow from source to target, so the target of an edge is the receiver.
torch and PyG are imported inside the functions.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._graph import Graph
from skattn.graph._graph_list import whole_graphs


def graphs_from_pyg(data_list: Iterable[Any]) -> list[Graph]:
    """Convert PyG data objects to a list of Graph.

    ``x`` becomes the node features, ``edge_attr`` the edge features and ``edge_weight``
    the edge weights; other attributes, such as the labels ``y``, are dropped. Duplicate
    edges are summed unless there is an ``edge_attr``.

    Parameters
    ----------
    data_list : iterable of torch_geometric.data.Data
        A list or a PyG dataset.

    Returns
    -------
    list of Graph
        One graph per object, in which the target of an edge attends to its source.

    Raises
    ------
    TypeError
        If an entry is not a ``Data`` object.
    ValueError
        If an object stores its edges as ``adj_t``, or shapes do not match.

    See Also
    --------
    skattn.graph.graphs_to_pyg : The inverse conversion.

    Examples
    --------
    >>> from skattn.graph import graphs_from_pyg
    >>> from torch_geometric.datasets import TUDataset  # doctest: +SKIP
    >>> graphs = graphs_from_pyg(TUDataset("data", name="MUTAG"))  # doctest: +SKIP
    """
    if hasattr(data_list, "edge_index"):
        raise TypeError(
            "graphs_from_pyg takes a list of PyG's Data, got one "
            f"{type(data_list).__name__}. Pass [data], or batch.to_data_list()."
        )
    return [_from_data(number, data) for number, data in enumerate(data_list)]


def graphs_to_pyg(graphs: Iterable[Graph], y: Any = None) -> list[Any]:
    """Convert graphs to PyG data objects.

    Node features become ``x``, edge features ``edge_attr`` and, if a graph is weighted,
    edge weights ``edge_weight``; node labels are dropped. Tensors are copies.

    Parameters
    ----------
    graphs : iterable of Graph
        Graphs with all nodes as targets, with numeric features or without.
    y : array-like of shape (n_graphs,) or (n_graphs, n_outputs), or None, default=None
        Numeric labels, which become ``y``: integers as int64, others as float32.

    Returns
    -------
    list of torch_geometric.data.Data
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
    return [
        Data(
            num_nodes=graph.n_nodes if graph.X is None else None,
            **{name: _tensor(array) for name, array in part.items()},
        )
        for graph, part in zip(graphs, parts, strict=True)
    ]


def _from_data(number: int, data: Any) -> Graph:
    if not hasattr(data, "edge_index"):
        raise TypeError(
            "graphs_from_pyg takes a list of PyG's Data, got "
            f"{type(data).__name__} at position {number}. Convert heterogeneous "
            "graphs with data.to_homogeneous()."
        )
    if data.edge_index is None and getattr(data, "adj_t", None) is not None:
        raise ValueError(
            f"A PyG graph must hold its edges as edge_index, number {number} holds "
            "them as adj_t. Remove the transform ToSparseTensor."
        )
    return Graph(
        _adjacency(data),
        _features(data.x),
        edge_features=None if data.edge_attr is None else _array(data.edge_attr),
    )


def _adjacency(data: Any) -> sp.coo_array:
    """Return a COO adjacency with entries in the order of the edges."""
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
    if x is None:
        return None
    import torch

    if x.layout == torch.strided:
        return _array(x)
    entries = x.to_sparse_coo().coalesce()
    ends = tuple(_array(entries.indices()))
    return sp.csr_array((_array(entries.values()), ends), shape=tuple(x.shape))


def _to_arrays(graph: Graph, *, weighted: bool) -> dict[str, Any]:
    entries = graph.adjacency.tocoo(copy=False)
    arrays: dict[str, Any] = {
        "edge_index": np.stack([entries.col, entries.row]).astype(np.int64)
    }
    if sp.issparse(graph.X):
        arrays["x"] = graph.X
    elif graph.X is not None:
        arrays["x"] = np.asarray(graph.X, dtype=np.float32)
    if graph.edge_features is not None:
        arrays["edge_attr"] = graph.edge_features
    if weighted:
        arrays["edge_weight"] = graph.adjacency.data
    return arrays


def _tensor(array: Any) -> Any:
    """Return a tensor of an array, a sparse float32 tensor of a sparse matrix."""
    import torch

    if not sp.issparse(array):
        return torch.tensor(array)
    entries = array.tocoo()
    ends = torch.tensor(np.stack([entries.row, entries.col]).astype(np.int64))
    values = torch.tensor(entries.data.astype(np.float32))
    matrix = torch.sparse_coo_tensor(ends, values, array.shape, check_invariants=True)
    return matrix.coalesce()


def _numbers(y: Any, n_graphs: int) -> NDArray[Any]:
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
    numbers: NDArray[Any] = y.astype(np.float32 if y.dtype.kind == "f" else np.int64)
    return numbers


def _array(tensor: Any) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array
