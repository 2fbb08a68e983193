"""Conversion of graphs to plain values for a file, and back."""

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._array_file import pages_dropped
from skattn.graph._descriptors import Descriptors
from skattn.graph._packing import PLAIN, TRUSTED
from skattn.graph._record_file import MALFORMED, damaged, read_record, write_record
from skattn.graph._types import NO_TYPES, GraphTypes, Types

OWNER = "Graph"
_VALUES_PER_BLOCK = 1 << 20  # checked at once


class Stored(NamedTuple):
    """Parts of a graph in a file."""

    adjacency: sparse.csr_array
    """float32 (n_nodes, n_nodes)."""
    X: Any
    """(n_nodes, n_features) array, CSR matrix or DataFrame, or None."""
    edge_features: NDArray[np.float32] | None
    """(n_edges, n_edge_features), or None."""
    nodes: Any
    """pandas Index (n_nodes,), or None."""
    targets: NDArray[np.int64] | None
    """(n_targets,) targets of a view, else None."""
    descriptors: Descriptors | None = None
    """Descriptors, or None."""
    types: GraphTypes = NO_TYPES
    """Types of edges and nodes."""


def save_graph(graph: Any, path: str | os.PathLike[str]) -> None:
    """Write a graph or view; raise TypeError if a part cannot be stored."""
    write_record(path, OWNER, graph_parts(graph))


def load_graph(
    path: str | os.PathLike[str],
    *,
    mmap: bool,
    verify: bool = True,
    trusted: bool = False,
) -> tuple[Stored, str]:
    """Return the parts of a graph and the unique id of its file.

    If the file is mapped and not `verify`, values of features are neither read nor
    checked; if `trusted`, edges are not either. Raises ValueError if the file is
    damaged, of another version or not of a graph.
    """
    parts = TRUSTED if trusted else PLAIN
    packed, stamp = read_record(path, OWNER, parts, mmap=mmap, verify=verify)
    try:
        stored = stored_graph(*packed)
        adjacency = stored.adjacency
        with pages_dropped([adjacency.data, adjacency.indices, adjacency.indptr]):
            if not trusted:
                check_edges(stored)
            if verify:
                check_finite(stored.edge_features)
        return stored, stamp
    except MALFORMED as error:
        raise damaged(path, OWNER, error) from error


def graph_parts(graph: Any, *, objects: bool = False) -> tuple[Any, ...]:
    """Return a graph or view as plain values, the arguments of `stored_graph`.

    `objects` allows labels of mixed types. Raises TypeError if a part cannot be stored.
    """
    return (
        graph.adjacency,
        _plain_features(graph.X),
        graph.edge_features,
        plain_labels(graph.nodes, "nodes", objects=objects),
        graph.targets if graph.is_view else None,
        None
        if graph.descriptors is None
        else (graph.descriptors, graph.descriptor_names),
        _plain_types(graph._types.edges),
        _plain_types(graph._types.nodes),
    )


def stored_graph(
    adjacency: Any,
    features: Any,
    edge_features: Any,
    labels: Any,
    targets: Any,
    *others: Any,
) -> Stored:
    """Return the parts of a graph from plain values; raise ValueError if invalid.

    `others` are descriptors and types of edges and nodes, which older files lack. Edges
    and the values of features are not read, see `check_edges`.
    """
    n_nodes, n_columns = adjacency.shape
    if n_columns != n_nodes or adjacency.data.dtype != np.float32:
        raise ValueError(f"it has a {adjacency.dtype} adjacency of {adjacency.shape}")
    X = _features_from_plain(features, n_nodes)
    _check_part(X, (n_nodes, "n_features"), "features", "biufc")
    shape = adjacency.nnz, "n_edge_features"
    _check_part(edge_features, shape, "edge features", "f")
    _check_targets(targets, n_nodes)
    nodes = labels_from_plain(labels, n_nodes)
    descriptors, edge_types, node_types = (*others, *[None] * 3)[:3]
    numbers = None if descriptors is None else _descriptors_from_plain(*descriptors)
    types = GraphTypes(
        _types_from_plain(edge_types, adjacency.nnz, "edge"),
        _types_from_plain(node_types, n_nodes, "node"),
    )
    return Stored(adjacency, X, edge_features, nodes, targets, numbers, types)


def check_edges(stored: Stored) -> None:
    """Raise ValueError unless labels are unique, edges in order and weights valid."""
    adjacency, nodes = stored.adjacency, stored.nodes
    if nodes is not None and not nodes.is_unique:
        raise ValueError("it has equal labels of nodes")
    weights = adjacency.data
    if len(weights) and not (weights.min() > 0 and weights.max() < np.inf):
        raise ValueError("it has edge weights that are not positive and finite")
    for types, noun in ((stored.types.edges, "edge"), (stored.types.nodes, "node")):
        if types is not None:
            types.check_codes(noun)
    parallel = stored.edge_features is not None or stored.types.edges is not None
    if not (
        adjacency.has_sorted_indices if parallel else adjacency.has_canonical_format
    ):
        raise ValueError("it has edges that are not in order")


def check_finite(values: NDArray[Any] | None) -> None:
    """Raise ValueError if features hold NaN or infinity; read them in blocks."""
    if values is None:
        return
    step = max(_VALUES_PER_BLOCK // max(values[:1].size, 1), 1)
    for low in range(0, len(values), step):
        if not np.isfinite(values[low : low + step]).all():
            raise ValueError("it has features that are not finite")


def _check_part(part: Any, shape: tuple[Any, ...], name: str, kinds: str) -> None:
    """Raise ValueError unless an array, a matrix or a frame has a shape and dtype."""
    if part is None:
        return
    if len(part.shape) != len(shape) or part.shape[0] != shape[0]:
        raise ValueError(f"it has {name} of shape {part.shape} instead of {shape}")
    dtype = getattr(part, "dtype", None)  # a frame has none
    if dtype is not None and dtype.kind not in kinds:
        raise ValueError(f"it has {name} of dtype {dtype}")


def _check_targets(targets: Any, n_nodes: int) -> None:
    if targets is None:
        return
    if targets.ndim != 1 or targets.dtype != np.int64:
        raise ValueError(f"it has {targets.dtype} targets of shape {targets.shape}")
    if len(targets) and not (targets.min() >= 0 and targets.max() < n_nodes):
        raise ValueError(f"it has targets that are not in 0 .. {n_nodes - 1}")


def _descriptors_from_plain(values: Any, names: Any) -> Descriptors:
    if not (isinstance(values, np.ndarray) and values.dtype == np.float64):
        raise ValueError("it has descriptors that are not an array of float64")
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"it has descriptors of shape {values.shape}")
    if names is None:
        return Descriptors(values, None)
    text = type(names) is tuple and all(type(name) is str for name in names)
    if not text or not len(values) == len(names) == len(set(names)):
        raise ValueError(f"it has {len(values)} descriptors with other names")
    return Descriptors(values, names)


def _plain_types(types: Types | None) -> Any:
    return None if types is None else (types.codes, types.names)


def _types_from_plain(plain: Any, n: int, noun: str) -> Types | None:
    if plain is None:
        return None
    codes, names = plain
    types = Types(codes, np.asarray(names))
    types.check(n, noun)
    return types


# ---- features --------------------------------------------------------------------


def _plain_features(X: Any) -> Any:
    """Return features as an array, a canonical CSR matrix or the parts of a frame."""
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
    """Return the columns of a DataFrame (one array if of one type), names and index."""
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
    names = plain_labels(X.columns, "the columns of X")
    return columns, names, plain_labels(X.index, "the index of X")


def _features_from_plain(plain: Any, n_nodes: int) -> Any:
    """Return features of nodes; those of a DataFrame are checked before it is made."""
    if not isinstance(plain, tuple):
        return plain
    import pandas as pd  # required only for a file with a DataFrame

    columns, names, index = plain
    columns = [np.asarray(column) for column in columns]
    one = len(columns) == 1 and columns[0].ndim == 2
    for column in columns:
        shape = (n_nodes, "n_columns") if one else (n_nodes,)
        _check_part(column, shape, "a column", "biufc")
    values = columns[0] if one else dict(enumerate(columns))
    rows = labels_from_plain(index, n_nodes)
    table = pd.DataFrame(values, index=rows, copy=False)
    table.columns = labels_from_plain(names, table.shape[1])
    return table


# ---- labels ----------------------------------------------------------------------


def plain_labels(labels: Any, noun: str, *, objects: bool = False) -> Any:
    """Return the name of labels and their values, or the bounds of a RangeIndex."""
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
    """Return text labels as a fixed-width array, False if that is impossible."""
    if labels.inferred_type != "string":
        return False
    fixed = values.astype(str)
    same = np.array_equal(fixed.astype(object), values)  # numpy drops a final "\0"
    return fixed if same else False


def labels_from_plain(plain: Any, n: int) -> Any:
    """Return an Index of n labels; raise ValueError for others."""
    if plain is None:
        return None
    import pandas as pd  # required only for a file with labels

    name, values, *is_object = plain
    if isinstance(values, tuple):
        labels = pd.RangeIndex(*values, name=name)
    else:
        _check_part(values, (n,), "labels", "UO" if is_object[0] else "biufcmMUO")
        dtype = object if is_object[0] else None
        values = np.asarray(values)
        labels = pd.Index(
            values, dtype=dtype, name=name, tupleize_cols=False, copy=False
        )
    if len(labels) != n:
        raise ValueError(f"it has {len(labels)} labels instead of {n}")
    return labels
