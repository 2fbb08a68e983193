"""Parts of a graph as plain values for a file, and their checks on reading."""

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._record_file import damaged, read_record, write_record

OWNER = "Graph"


class Stored(NamedTuple):
    """The parts of a graph."""

    adjacency: sparse.csr_array
    """float32 (n_nodes, n_nodes)."""
    X: Any
    """(n_nodes, n_features) array, CSR matrix or DataFrame, or None."""
    edge_features: NDArray[np.float32] | None
    """(n_edges, n_edge_features), or None."""
    nodes: Any
    """pandas Index (n_nodes,), or None."""
    targets: NDArray[np.int64] | None
    """(n_targets,) of a view, else None."""


def save_graph(graph: Any, path: str | os.PathLike[str]) -> None:
    """Write a graph or a view, with TypeError if a part cannot be stored."""
    write_record(path, OWNER, graph_parts(graph))


def load_graph(path: str | os.PathLike[str], *, mmap: bool) -> tuple[Stored, str]:
    """Read or map the parts of a graph.

    Parameters
    ----------
    path : str or os.PathLike
        A file of `save_graph`.
    mmap : bool
        Whether to map the arrays. Values on edges are then not checked.

    Returns
    -------
    parts : Stored
        The parts of the graph.
    stamp : str
        Unique id of the file.

    Raises
    ------
    ValueError
        If the file is damaged, of another version or not of a graph.
    """
    packed, stamp = read_record(path, OWNER, mmap=mmap)
    try:
        return stored_graph(*packed), stamp
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise damaged(path, OWNER, error) from error


def graph_parts(graph: Any, *, objects: bool = False) -> tuple[Any, ...]:
    """Take a graph apart into values that can be packed.

    Parameters
    ----------
    graph : Graph
        A graph or a view of one.
    objects : bool, default=False
        Whether labels may be of mixed kinds; these are packed one by one.

    Returns
    -------
    tuple
        The arguments of `stored_graph`.

    Raises
    ------
    TypeError
        If features or labels cannot be stored.
    """
    return (
        graph.adjacency,
        _plain_features(graph.X),
        graph.edge_features,
        _plain_labels(graph.nodes, "nodes", objects=objects),
        graph.targets if graph.is_view else None,
    )


def stored_graph(
    adjacency: Any, features: Any, edge_features: Any, labels: Any, targets: Any
) -> Stored:
    """Make the parts of a graph from a file, with ValueError if they are damaged."""
    n_nodes, n_edges = adjacency.shape[0], len(adjacency.indices)
    if adjacency.shape[1] != n_nodes or adjacency.data.dtype != np.float32:
        raise ValueError(f"it has a {adjacency.dtype} adjacency of {adjacency.shape}")
    X, nodes = _make_features(features), _make_labels(labels)
    _check_part(X, (n_nodes, "n_features"), "features")
    _check_part(nodes, (n_nodes,), "labels")
    _check_part(edge_features, (n_edges, "n_edge_features"), "edge features")
    _check_targets(targets, n_nodes)
    return Stored(adjacency, X, edge_features, nodes, targets)


def _check_part(part: Any, shape: tuple[Any, ...], name: str) -> None:
    if part is None or (len(part.shape) == len(shape) and part.shape[0] == shape[0]):
        return
    raise ValueError(f"it has {name} of shape {part.shape} instead of {shape}")


def _check_targets(targets: Any, n_nodes: int) -> None:
    if targets is None:
        return
    if targets.ndim != 1 or targets.dtype.kind != "i":
        raise ValueError(f"it has {targets.dtype} targets of shape {targets.shape}")
    if len(targets) and not (targets.min() >= 0 and targets.max() < n_nodes):
        raise ValueError(f"it has targets that are not in 0 .. {n_nodes - 1}")


# ---- features --------------------------------------------------------------------


def _plain_features(X: Any) -> Any:
    """Return a table as arrays; one that is sparse, as a canonical CSR matrix."""
    if X is None:
        return None
    if sparse.issparse(X):
        rows = X.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        return rows
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return _plain_frame(X)
    plain = isinstance(X, np.ndarray) and not isinstance(X, np.ma.MaskedArray)
    if not plain or X.dtype.kind not in "biufc":
        raise TypeError(
            "X must be an array of numbers, a sparse matrix, a DataFrame or None to be "
            f"stored, got {_kind_of(X)}. Encode it first, or save "
            "graph.with_features(None)."
        )
    return X


def _kind_of(X: Any) -> str:
    dtype = getattr(X, "dtype", None)
    return type(X).__name__ + ("" if dtype is None else f" of dtype {dtype}")


def _plain_frame(X: Any) -> tuple[Any, ...]:
    """Return columns, column names and index; one array of columns of one type."""
    types = list(X.dtypes)
    other = [
        f"{name!r} ({dtype})"
        for name, dtype in zip(X.columns, types, strict=True)
        if not isinstance(dtype, np.dtype) or dtype.kind not in "biufc"
    ]
    if other:
        raise TypeError(
            "X must have columns of plain numbers to be stored, got "
            f"{', '.join(other[:5])}. Encode these columns first (OneHotEncoder, "
            "OrdinalEncoder, astype(float)), or save graph.with_features(None)."
        )
    if len(set(types)) <= 1:
        columns = [X.to_numpy(types[0] if types else float)]
    else:
        columns = [X.iloc[:, k].to_numpy() for k in range(X.shape[1])]
    names = _plain_labels(X.columns, "the columns of X")
    return columns, names, _plain_labels(X.index, "the index of X")


def _make_features(plain: Any) -> Any:
    if not isinstance(plain, tuple):
        return plain
    import pandas as pd  # the frame came from there

    columns, names, index = plain
    columns = [np.asarray(column) for column in columns]
    one = len(columns) == 1 and columns[0].ndim == 2
    values = columns[0] if one else dict(enumerate(columns))
    table = pd.DataFrame(values, index=_make_labels(index), copy=False)
    table.columns = _make_labels(names)
    return table


# ---- labels ----------------------------------------------------------------------


def _plain_labels(labels: Any, noun: str, *, objects: bool = False) -> Any:
    """Return the name and the bounds of a range or the values of other labels.

    Text becomes an array of fixed width.
    """
    if labels is None:
        return None
    name = labels.name.item() if isinstance(labels.name, np.generic) else labels.name
    if not (objects or isinstance(name, str | int | float | None)):
        raise TypeError(
            f"the name of {noun} must be text or a number to be stored, got {name!r}. "
            "Call rename() first."
        )
    if hasattr(labels, "step"):  # a RangeIndex
        return name, (labels.start, labels.stop, labels.step)
    values = labels.to_numpy()
    text = values.dtype == object and _fixed_width(labels, values)
    if text is not False:
        values = text
    if not (objects or values.dtype.kind in "biufmMU"):
        raise TypeError(
            f"{noun} must be labelled by numbers, dates or text to be stored, got "
            f"{labels[:3].tolist()} of dtype {labels.dtype}. Use labels.astype(str)."
        )
    return name, values, labels.dtype == object


def _fixed_width(labels: Any, values: NDArray[Any]) -> Any:
    """Return text as an array of fixed width; False if that is not possible."""
    if labels.inferred_type != "string":
        return False
    fixed = values.astype(str)
    same = np.array_equal(fixed.astype(object), values)  # a final "\0" is lost
    return fixed if same else False


def _make_labels(plain: Any) -> Any:
    if plain is None:
        return None
    import pandas as pd  # the labels came from there

    name, values, *is_object = plain
    if isinstance(values, tuple):
        return pd.RangeIndex(*values, name=name)
    dtype = object if is_object[0] else None
    return pd.Index(
        np.asarray(values), dtype=dtype, name=name, tupleize_cols=False, copy=False
    )
