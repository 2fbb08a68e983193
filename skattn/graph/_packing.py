"""Conversion of values to JSON and a list of arrays, and back, without pickle.

Reading instantiates only the classes of a given table and executes no other code. An
array is referred to at most `MAX_USES` times, so that a value takes memory in
proportion to its file.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
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

MAX_USES = 2
"""Maximum number of references to a stored array."""


class Arrays(list[NDArray[Any]]):
    """Arrays of packed values, by position, with a count of the references to each."""

    def __init__(self, arrays: Iterable[NDArray[Any]] = ()) -> None:
        super().__init__(arrays)
        self._uses: Counter[int] = Counter()

    def position_of(self, array: NDArray[Any]) -> int:
        """Return the position of an array; append it if it has none that is free."""
        for k, other in enumerate(self):
            if other is array and self._uses[k] < MAX_USES:
                break
        else:
            k = len(self)
            self.append(array)
        self._uses[k] += 1
        return k

    def take(self, position: Any) -> NDArray[Any]:
        """Return the array at a position; raise ValueError if there is none."""
        if type(position) is not int or not 0 <= position < len(self):
            raise ValueError(f"it has no array {position!r:.50}")
        self._uses[position] += 1
        if self._uses[position] > MAX_USES:
            raise ValueError(f"it uses an array more than {MAX_USES} times")
        return self[position]


def pack(value: Any, parts: Parts, arrays: Arrays, name: Any) -> Any:
    """Convert a value to JSON; append its arrays to a list.

    Parameters
    ----------
    value : object
        None, a number, text, an array, a dict or an instance of a class in `parts`.
    parts : mapping of str to Part
        Decomposition of other classes.
    arrays : Arrays
        Extended by the arrays; JSON holds their positions.
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
        return {"array": arrays.position_of(value)}
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


def unpack(packed: Any, parts: Parts, arrays: Arrays) -> Any:
    """Return the value that `pack` converted."""
    if not isinstance(packed, dict):
        return packed
    ((kind, entries),) = packed.items()
    if kind == "array":
        return arrays.take(entries)
    if kind == "dict":
        return {unpack(k, parts, arrays): unpack(v, parts, arrays) for k, v in entries}
    if kind == "list":  # without copies: it may be long
        return [unpack(entry, parts, arrays) for entry in entries]
    return parts[kind].make(*(unpack(entry, parts, arrays) for entry in entries))


_INDEX_DTYPES = [{np.dtype(np.int32)}, {np.dtype(np.int64)}]


def _csr_parts(matrix: Any) -> tuple[Any, ...]:
    rows = matrix.tocsr()
    indices, indptr = _first_entries(rows.indices, rows.nnz), rows.indptr
    if {indices.dtype, indptr.dtype} not in _INDEX_DTYPES:
        indices, indptr = indices.astype(np.int64), indptr.astype(np.int64)
    return (
        _first_entries(rows.data, rows.nnz),
        indices,
        indptr,
        rows.shape[1],
        isinstance(matrix, sparse.spmatrix),
    )


def _first_entries(array: NDArray[Any], n: int) -> NDArray[Any]:
    return array if len(array) == n else array[:n]  # the same object is stored once


def _make_csr(
    data: NDArray[Any],
    indices: NDArray[Any],
    indptr: NDArray[Any],
    n_columns: int,
    is_matrix: bool,  # noqa: FBT001
    *,
    check: bool = True,
) -> Any:
    """Return a CSR matrix; check its indices and pointers unless they are trusted."""
    if {indices.dtype, indptr.dtype} not in _INDEX_DTYPES:
        raise ValueError(f"it has indices of {indices.dtype} and {indptr.dtype}")
    if not data.ndim == indices.ndim == indptr.ndim == 1:
        raise ValueError("it has a matrix of arrays that are not one-dimensional")
    if {len(data), len(indices)} != {indptr[-1]} or indptr[0] != 0:
        raise ValueError(
            f"it has {len(data)} values and {len(indices)} indices for {indptr[-1]} "
            "edges"
        )
    if type(n_columns) is not int or not 0 <= n_columns <= np.iinfo(np.int64).max:
        raise ValueError(f"it has a matrix of {n_columns!r:.50} columns")
    make = sparse.csr_matrix if is_matrix else sparse.csr_array
    csr = make((len(indptr) - 1, n_columns), dtype=data.dtype)
    csr.data, csr.indices, csr.indptr = data, indices, indptr
    if check:
        check_indices(csr)
    return csr


def _object_parts(array: NDArray[Any]) -> list[Any]:
    return [array.shape, *array.ravel()]


def _make_objects(shape: tuple[int, ...], *entries: Any) -> NDArray[Any]:
    """Return an array of objects, none of which is taken apart."""
    return np.fromiter(entries, dtype=object, count=len(entries)).reshape(shape)


PLAIN: dict[str, Part] = {
    "list": Part(list, list, lambda *entries: list(entries)),
    "tuple": Part(tuple, tuple, lambda *entries: entries),
    "objects": Part(np.ndarray, _object_parts, _make_objects),
    "csr": Part((sparse.sparray, sparse.spmatrix), _csr_parts, _make_csr),
}
"""Decomposition of lists, tuples, object arrays and sparse matrices."""

_TYPES, _, _ = PLAIN["csr"]
TRUSTED = PLAIN | {"csr": Part(_TYPES, _csr_parts, partial(_make_csr, check=False))}
"""The same, without reading the indices of sparse matrices."""
