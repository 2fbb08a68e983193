"""Conversion of values to JSON and a list of arrays, and back, without pickle.

Reading instantiates only the classes of a given table and executes no other code.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import check_indices
from skattn.graph._array_file import KINDS


class Part(NamedTuple):
    """Decomposition of instances of some classes into values, and its inverse."""

    types: type | tuple[type, ...]
    take_apart: Callable[[Any], Iterable[Any]]
    """Function from an instance to the values to be packed."""
    make: Callable[..., Any]
    """Function from these values, as positional arguments, to an instance."""


Parts = Mapping[str, Part]


def pack(value: Any, parts: Parts, arrays: list[NDArray[Any]], name: Any) -> Any:
    """Convert a value to JSON; append its arrays to a list.

    Parameters
    ----------
    value : object
        None, a number, text, an array, a dict or an instance of a class in `parts`.
    parts : mapping of str to Part
        Decomposition of other classes.
    arrays : list of ndarray
        Extended by the arrays, each once; JSON holds their positions.
    name : object
        Name of the value in messages; entries of a dict are named by their keys.

    Returns
    -------
    object
        A JSON-serialisable value.

    Raises
    ------
    TypeError
        If the value holds an instance of another class.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        return {"array": _array_position(value, arrays)}
    if isinstance(value, dict):
        return {
            "dict": [
                [pack(k, parts, arrays, name), pack(v, parts, arrays, k)]
                for k, v in value.items()
            ]
        }
    for kind, part in parts.items():
        if isinstance(value, part.types):
            return {
                kind: [pack(v, parts, arrays, name) for v in part.take_apart(value)]
            }
    raise TypeError(
        f"{name!r} must be made of numbers, text, arrays and graphs to be saved "
        f"without pickle, got {type(value).__name__}. Set it to such a value, or use "
        "joblib.dump."
    )


def unpack(packed: Any, parts: Parts, arrays: list[NDArray[Any]]) -> Any:
    """Return the value that `pack` converted."""
    if not isinstance(packed, dict):
        return packed
    ((kind, entries),) = packed.items()
    if kind == "array":
        return arrays[entries]
    if kind == "dict":
        return {unpack(k, parts, arrays): unpack(v, parts, arrays) for k, v in entries}
    return parts[kind].make(*(unpack(entry, parts, arrays) for entry in entries))


def _array_position(array: NDArray[Any], arrays: list[NDArray[Any]]) -> int:
    for k, other in enumerate(arrays):
        if other is array:
            return k
    arrays.append(array)
    return len(arrays) - 1


def _csr_parts(matrix: Any) -> tuple[Any, ...]:
    rows = matrix.tocsr()
    return (
        _first_entries(rows.data, rows.nnz),
        _first_entries(rows.indices, rows.nnz),
        rows.indptr,
        rows.shape[1],
        isinstance(matrix, sparse.spmatrix),
        bool(rows.has_sorted_indices),
        bool(rows.has_canonical_format),
    )


def _first_entries(array: NDArray[Any], n: int) -> NDArray[Any]:
    return array if len(array) == n else array[:n]  # the same object is stored once


def _make_csr(
    data: NDArray[Any],
    indices: NDArray[Any],
    indptr: NDArray[Any],
    n_columns: int,
    *flags: bool,
) -> Any:
    """Return a CSR matrix without reading memory-mapped indices."""
    is_matrix, is_sorted, is_canonical = flags
    counts = len(data), len(indices)
    if {indices.dtype.kind, indptr.dtype.kind} != {"i"}:
        raise ValueError(f"it has indices of {indices.dtype} and {indptr.dtype}")
    if set(counts) != {indptr[-1]} or indptr[0] != 0:
        raise ValueError(
            f"it has {counts[0]} values and {counts[1]} indices for {indptr[-1]} edges"
        )
    make = sparse.csr_matrix if is_matrix else sparse.csr_array
    csr = make((len(indptr) - 1, n_columns), dtype=data.dtype)
    csr.data, csr.indices, csr.indptr = data, indices, indptr
    csr.has_sorted_indices, csr.has_canonical_format = is_sorted, is_canonical
    if not isinstance(indices, np.memmap):
        check_indices(csr)
    return csr


PLAIN: dict[str, Part] = {
    "list": Part(list, list, lambda *entries: list(entries)),
    "tuple": Part(tuple, tuple, lambda *entries: entries),
    "objects": Part(np.ndarray, list, lambda *entries: np.array(entries, dtype=object)),
    "csr": Part((sparse.sparray, sparse.spmatrix), _csr_parts, _make_csr),
}
"""Decomposition of lists, tuples, object arrays and sparse matrices."""
