"""Graphs in files: taken apart into plain arrays and JSON, and put together again.

Nothing is pickled. What a file holds is described by a dict in its head, in which
numbers stand for arrays.
"""

import os
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import check_indices
from skattn.graph._array_file import NotAnArrayFileError, read_arrays, write_arrays

FORMAT = "skattn graph"
VERSION = 1


class Stored(NamedTuple):
    """What a file holds of a graph."""

    adjacency: sparse.csr_array
    X: Any
    edge_features: NDArray[np.float32] | None
    nodes: Any
    targets: NDArray[np.int64] | None
    """Of a view, else None."""
    stamp: str
    """A text that no other file has."""


def save_graph(graph: Any, path: str | os.PathLike[str]) -> None:
    """Write a graph or a view of one.

    Parameters
    ----------
    graph : Graph
        What to write.
    path : str or os.PathLike
        Where; an old file stays until the new one is complete.

    Raises
    ------
    TypeError
        If features or labels have no plain form.
    """
    arrays = _Arrays()
    head = {
        FORMAT: VERSION,
        "stamp": uuid4().hex,
        "adjacency": arrays.put_csr(graph.adjacency),
        "X": _pack_features(graph.X, arrays),
        "edge_features": arrays.put(graph.edge_features),
        "nodes": _pack_labels(graph.nodes, "nodes", arrays),
        "targets": arrays.put(graph.targets) if graph.is_view else None,
    }
    write_arrays(path, head, arrays)


def load_graph(path: str | os.PathLike[str], *, mmap: bool) -> Stored:
    """Read or map the parts of a graph.

    Parameters
    ----------
    path : str or os.PathLike
        A file of `save_graph`.
    mmap : bool
        Whether to map the arrays. What lies on edges is then not looked at.

    Returns
    -------
    Stored
        The parts of the graph.

    Raises
    ------
    ValueError
        If the file is damaged, of another version or not ours.
    """
    path = os.fspath(path)
    try:
        head, arrays = read_arrays(path, mmap=mmap)
        version = head[FORMAT]
    except (NotAnArrayFileError, KeyError, TypeError) as error:
        raise _damage(path, error) from error
    if version != VERSION:
        raise ValueError(
            f"{path!r} must hold a graph in version {VERSION} of the format, got "
            f"version {version!r}. Open it with the skattn that wrote it, or write it "
            "again with this one."
        )
    try:
        stored = _unpack(head, arrays)
        if not mmap:
            check_indices(stored.adjacency)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _damage(path, error) from error
    return stored


def _damage(path: str | os.PathLike[str], error: Exception) -> ValueError:
    return ValueError(
        f"{str(path)!r} must be a file that Graph.save wrote; it is damaged or "
        f"something else: {error}. Write it again."
    )


class _Arrays(list[NDArray[Any]]):
    """Arrays to be written; the head knows them by their numbers."""

    def put(self, array: NDArray[Any] | None) -> int | None:
        """Take an array; return its number, None for None."""
        if array is None:
            return None
        self.append(np.asarray(array))
        return len(self) - 1

    def put_csr(self, matrix: Any) -> dict[str, Any]:
        """Take the arrays of a matrix in compressed sparse rows."""
        return {
            "data": self.put(matrix.data[: matrix.nnz]),
            "indices": self.put(matrix.indices[: matrix.nnz]),
            "indptr": self.put(matrix.indptr),
            "n_columns": int(matrix.shape[1]),
        }


def _unpack(head: dict[str, Any], arrays: list[NDArray[Any]]) -> Stored:
    parts = head["adjacency"]
    edge_features = _array(head["edge_features"], arrays)
    adjacency = _make_csr(parts, arrays, canonical=edge_features is None)
    X = _unpack_features(head["X"], arrays)
    nodes = _unpack_labels(head["nodes"], arrays)
    n_nodes, n_edges = adjacency.shape[0], len(adjacency.indices)
    if adjacency.shape[1] != n_nodes or adjacency.data.dtype != np.float32:
        raise ValueError(f"it has a {adjacency.dtype} adjacency of {adjacency.shape}")
    _check_part(X, (n_nodes, "n_features"), "features")
    _check_part(nodes, (n_nodes,), "labels")
    _check_part(edge_features, (n_edges, "n_edge_features"), "edge features")
    targets = _array(head["targets"], arrays)
    return Stored(adjacency, X, edge_features, nodes, targets, head["stamp"])


def _check_part(part: Any, shape: tuple[Any, ...], name: str) -> None:
    if part is None or (len(part.shape) == len(shape) and part.shape[0] == shape[0]):
        return
    raise ValueError(f"it has {name} of shape {part.shape} instead of {shape}")


def _array(number: int | None, arrays: list[NDArray[Any]]) -> Any:
    return None if number is None else arrays[number]


def _make_csr(
    parts: dict[str, Any],
    arrays: list[NDArray[Any]],
    *,
    canonical: bool,
    matrix: bool = False,
) -> Any:
    """Make a matrix of arrays; its constructor may read indices that are mapped."""
    data, indices, indptr = (
        arrays[parts[name]] for name in ("data", "indices", "indptr")
    )
    n_entries = len(indices)
    if len(data) != n_entries or (indptr[0], indptr[-1]) != (0, n_entries):
        raise ValueError(
            f"it has {len(data)} values and {n_entries} indices for {indptr[-1]} edges"
        )
    make = sparse.csr_matrix if matrix else sparse.csr_array
    csr = make((len(indptr) - 1, parts["n_columns"]), dtype=data.dtype)
    csr.data, csr.indices, csr.indptr = data, indices, indptr
    csr.has_sorted_indices = True
    if canonical:
        csr.has_canonical_format = True
    return csr


# ---- features --------------------------------------------------------------------


def _pack_features(X: Any, arrays: _Arrays) -> dict[str, Any] | None:
    if X is None:
        return None
    if sparse.issparse(X):
        rows = X.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        matrix = isinstance(X, sparse.spmatrix)
        return {"kind": "csr", "matrix": matrix, **arrays.put_csr(rows)}
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return _pack_frame(X, arrays)
    plain = isinstance(X, np.ndarray) and not isinstance(X, np.ma.MaskedArray)
    if not plain or X.dtype.kind not in "biufc":
        raise TypeError(
            "X must be an array of numbers, a sparse matrix, a DataFrame or None to be "
            f"stored, got {_kind_of(X)}. Encode it first, or save "
            "graph.with_features(None)."
        )
    return {"kind": "array", "values": arrays.put(X)}


def _kind_of(X: Any) -> str:
    dtype = getattr(X, "dtype", None)
    return type(X).__name__ + ("" if dtype is None else f" of dtype {dtype}")


def _pack_frame(X: Any, arrays: _Arrays) -> dict[str, Any]:
    """Take a table apart: one array if all columns are of one type, else one each."""
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
        columns = [arrays.put(X.to_numpy(types[0] if types else float))]
    else:
        columns = [arrays.put(X.iloc[:, k].to_numpy()) for k in range(X.shape[1])]
    return {
        "kind": "frame",
        "columns": columns,
        "names": _pack_labels(X.columns, "the columns of X", arrays),
        "index": _pack_labels(X.index, "the index of X", arrays),
    }


def _unpack_features(packed: dict[str, Any] | None, arrays: list[NDArray[Any]]) -> Any:
    if packed is None:
        return None
    kind = packed["kind"]
    if kind == "csr":
        return _make_csr(packed, arrays, canonical=True, matrix=packed["matrix"])
    if kind == "array":
        return arrays[packed["values"]]
    if kind != "frame":
        raise ValueError(f"it has features of the kind {kind!r}")
    import pandas as pd  # the frame came from there

    columns = [np.asarray(arrays[number]) for number in packed["columns"]]
    one = len(columns) == 1 and columns[0].ndim == 2
    values = columns[0] if one else dict(enumerate(columns))
    index = _unpack_labels(packed["index"], arrays)
    table = pd.DataFrame(values, index=index, copy=False)
    table.columns = _unpack_labels(packed["names"], arrays)
    return table


# ---- labels ----------------------------------------------------------------------


def _pack_labels(labels: Any, what: str, arrays: _Arrays) -> dict[str, Any] | None:
    """Take a pandas Index apart; text becomes an array of fixed width."""
    if labels is None:
        return None
    name = labels.name.item() if isinstance(labels.name, np.generic) else labels.name
    if not isinstance(name, str | int | float | None):
        raise TypeError(
            f"the name of {what} must be text or a number to be stored, got {name!r}. "
            "Call rename() first."
        )
    if hasattr(labels, "step"):  # a RangeIndex
        return {"range": [labels.start, labels.stop, labels.step], "name": name}
    values = labels.to_numpy()
    text = values.dtype == object and _fixed_width(labels, values)
    if text is not False:
        values = text
    if values.dtype.kind not in "biufmMU":
        raise TypeError(
            f"{what} must be labelled by numbers, dates or text to be stored, got "
            f"{labels[:3].tolist()} of dtype {labels.dtype}. Use labels.astype(str)."
        )
    return {
        "values": arrays.put(values),
        "objects": labels.dtype == object,
        "name": name,
    }


def _fixed_width(labels: Any, values: NDArray[Any]) -> Any:
    """Return text as an array of fixed width; False if it has no such form."""
    if labels.inferred_type != "string":
        return False
    fixed = values.astype(str)
    same = np.array_equal(fixed.astype(object), values)  # a final "\0" is lost
    return fixed if same else False


def _unpack_labels(packed: dict[str, Any] | None, arrays: list[NDArray[Any]]) -> Any:
    if packed is None:
        return None
    import pandas as pd  # the labels came from there

    if "range" in packed:
        return pd.RangeIndex(*packed["range"], name=packed["name"])
    values, dtype = arrays[packed["values"]], object if packed["objects"] else None
    return pd.Index(np.asarray(values), dtype=dtype, name=packed["name"], copy=False)
