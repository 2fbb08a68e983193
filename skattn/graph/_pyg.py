"""Conversion to and from PyG.

PyG's messages flow from source to target, so the target of an edge is the receiver.
torch and PyG are imported inside the functions.
"""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._data_objects import as_array, check_list
from skattn.graph._graph import Graph
from skattn.graph._graph_list import whole_graphs
from skattn.graph._numbers import as_floats


def graphs_from_pyg(data_list: Iterable[Any]) -> list[Graph]:
    """Convert PyG data objects to a list of Graph.

    ``x`` becomes the node features, ``edge_attr`` the edge features, ``edge_weight``
    the edge weights and ``u``, of shape (1, n) or (n,), the descriptors; other
    attributes, such as the labels ``y``, are dropped. Duplicate edges are summed unless
    there is an ``edge_attr``.

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
    if _has_edges(data_list):
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
    node labels are dropped. Tensors are copies.

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
    if not _has_edges(data):
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
    try:
        X = _features(data.x)
        return Graph(
            _adjacency(data),
            X,
            edge_features=_field(data, "edge_attr"),
            descriptors=_descriptors(data),
        )
    except (RuntimeError, TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"At position {number} of data_list: {error}") from error


def _descriptors(data: Any) -> NDArray[Any] | None:
    """Return the global attribute u as a vector, None if it is not set."""
    u = _field(data, "u")
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
    sources, targets = _edge_index(data)
    n_nodes = _n_nodes(data)
    largest = max(sources.max(initial=-1), targets.max(initial=-1))
    smallest = min(sources.min(initial=0), targets.min(initial=0))
    if smallest < 0 or largest >= n_nodes:
        raise ValueError(
            f"edge_index must hold positions in 0 .. {n_nodes - 1}, the nodes of the "
            f"graph, got values from {smallest} to {largest}. Set num_nodes or x for "
            "all nodes."
        )
    weights = _weights(data, len(sources))
    return sp.coo_array((weights, (targets, sources)), shape=(n_nodes, n_nodes))


def _weights(data: Any, n_edges: int) -> NDArray[Any]:
    weights = _field(data, "edge_weight")
    if weights is None:
        return np.ones(n_edges, np.float32)
    if weights.size != n_edges:
        raise ValueError(
            f"edge_weight must have one number per edge ({n_edges}), got shape "
            f"{np.shape(weights)}. Use edge_attr for several numbers per edge."
        )
    return weights.ravel()


def _edge_index(data: Any) -> NDArray[np.int64]:
    """Return the edges as (2, n_edges), without any for None and empty tensors."""
    index = _field(data, "edge_index")
    if index is None or index.size == 0:
        return np.empty((2, 0), dtype=np.int64)
    if index.ndim != 2 or index.shape[0] != 2:
        transposed = index.ndim == 2 and index.shape[1] == 2
        raise ValueError(
            "edge_index must be of shape (2, n_edges), sources and targets, got "
            f"{index.shape}. "
            + ("Use edge_index.t()." if transposed else "Stack sources and targets.")
        )
    if index.dtype.kind not in "iu":
        raise ValueError(
            f"edge_index must hold integers, positions of nodes, got {index.dtype}. "
            "Use edge_index.long()."
        )
    return index.astype(np.int64)


def _n_nodes(data: Any) -> int:
    """Return the number of nodes: that of x, or PyG's own count."""
    x: Any = getattr(data, "x", None)
    if hasattr(x, "shape"):
        return int(x.shape[0]) if len(x.shape) else 0
    with warnings.catch_warnings():  # PyG warns where it infers the count from edges
        warnings.simplefilter("ignore")
        n_nodes = int(data.num_nodes or 0)
    if n_nodes < 0:
        raise ValueError(f"num_nodes must not be negative, got {n_nodes}.")
    return n_nodes


def _has_edges(data: Any) -> bool:
    try:
        return hasattr(data, "edge_index")
    except KeyError:  # HeteroData without edges
        return False


def _field(data: Any, name: str) -> NDArray[Any] | None:
    """Return a field of a data object as an array, None if it is not set."""
    value = getattr(data, name, None)
    if value is None:
        return None
    if not (hasattr(value, "detach") or isinstance(value, np.ndarray)):
        raise TypeError(
            f"{name} must be a tensor or None, got {type(value).__name__}. Use "
            f"torch.as_tensor({name})."
        )
    return _array(value)


def _features(x: Any) -> Any:
    """Return node features; a tensor of one dimension is one column."""
    if x is None or isinstance(x, np.ndarray):
        return x
    import torch

    if not isinstance(x, torch.Tensor):
        raise TypeError(
            f"x must be a tensor or None, got {type(x).__name__}. Use "
            "torch.as_tensor(x)."
        )
    if x.layout == torch.strided:
        array = _array(x)
        return array[:, None] if array.ndim == 1 else array
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
        arrays["x"] = as_floats(graph.X, "X").astype(np.float32)
    if graph.edge_features is not None:
        arrays["edge_attr"] = graph.edge_features
    if graph.descriptors is not None:
        arrays["u"] = graph.descriptors[None].astype(np.float32)
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


def _array(tensor: Any) -> NDArray[Any]:
    if isinstance(tensor, np.ndarray):
        return tensor
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has none
        tensor = tensor.float()
    array: NDArray[Any] = tensor.numpy()
    return array
