"""Fields of PyG data objects as arrays, and arrays as tensors."""

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def read_weights(data: Any, n_edges: int) -> NDArray[Any]:
    """Return one weight per edge, 1 without any."""
    weights = read_field(data, "edge_weight")
    if weights is None:
        return np.ones(n_edges, np.float32)
    if weights.size != n_edges:
        raise ValueError(
            f"edge_weight must have one number per edge ({n_edges}), got shape "
            f"{np.shape(weights)}. Use edge_attr for several numbers per edge."
        )
    return weights.ravel()


def read_edge_index(data: Any) -> NDArray[np.int64]:
    """Return the edges as (2, n_edges), without any for None and empty tensors."""
    index = read_field(data, "edge_index")
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


def read_n_nodes(data: Any) -> int:
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


def read_field(data: Any, name: str) -> NDArray[Any] | None:
    """Return a field of a data object as an array, None if it is not set."""
    value = getattr(data, name, None)
    if value is None:
        return None
    if not (hasattr(value, "detach") or isinstance(value, np.ndarray)):
        raise TypeError(
            f"{name} must be a tensor or None, got {type(value).__name__}. Use "
            f"torch.as_tensor({name})."
        )
    return to_array(value)


def read_features(x: Any) -> Any:
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
        array = to_array(x)
        return array[:, None] if array.ndim == 1 else array
    entries = x.to_sparse_coo().coalesce()
    ends = tuple(to_array(entries.indices()))
    return sp.csr_array((to_array(entries.values()), ends), shape=tuple(x.shape))


def to_tensor(array: Any) -> Any:
    """Return a tensor of an array, a sparse float32 tensor of a sparse matrix."""
    import torch

    if not sp.issparse(array):
        return torch.tensor(array)
    entries = array.tocoo()
    ends = torch.tensor(np.stack([entries.row, entries.col]).astype(np.int64))
    values = torch.tensor(entries.data.astype(np.float32))
    matrix = torch.sparse_coo_tensor(ends, values, array.shape, check_invariants=True)
    return matrix.coalesce()


def to_array(tensor: Any) -> NDArray[Any]:
    """Return a tensor or an array as an array."""
    if isinstance(tensor, np.ndarray):
        return tensor
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has none
        tensor = tensor.float()
    array: NDArray[Any] = tensor.numpy()
    return array
