"""Types of edges and nodes: categories with names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._data_objects import as_array
from skattn.graph._labels import listing
from skattn.graph._unknown_labels import is_missing

TypeNames = tuple[str | int, ...]
Rows = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Types:
    """Types of some edges or nodes, as codes of their names."""

    codes: NDArray[np.int32]
    """(n_entries,) position of each type in `names`."""
    names: NDArray[Any]
    """(n_types,) distinct names, text or int64, ascending."""

    @property
    def values(self) -> NDArray[Any]:
        """Name of the type of each entry, (n_entries,)."""
        values: NDArray[Any] = self.names[self.codes]
        return values

    @property
    def listed(self) -> TypeNames:
        """Names that occur or could occur, as plain values."""
        return tuple(self.names.tolist())

    def take(self, rows: Rows) -> "Types":
        """Return the types of some entries; the names stay."""
        return Types(self.codes[rows], self.names)

    def coded_by(self, names: TypeNames) -> NDArray[np.int32]:
        """Return the codes of the types among other names, -1 for missing ones."""
        if self.listed == names:
            return self.codes
        code_of = {name: code for code, name in enumerate(names)}
        codes = [code_of.get(name, -1) for name in self.listed]
        return np.array([*codes, -1], np.int32)[self.codes]

    def check(self, n: int, noun: str) -> None:
        """Raise ValueError unless a file has types of n entries in order."""
        codes, names = self.codes, self.names
        if codes.dtype != np.int32 or codes.shape != (n,):
            raise ValueError(f"it has {codes.dtype} types of shape {codes.shape}")
        if names.ndim != 1 or (names.dtype.kind != "U" and names.dtype != np.int64):
            raise ValueError(f"it has {names.dtype} names of {noun} types")
        if not (names[1:] > names[:-1]).all():
            raise ValueError(f"it has names of {noun} types that are not in order")

    def check_codes(self, noun: str) -> None:
        """Raise ValueError unless a file has codes of names."""
        codes, n_names = self.codes, len(self.names)
        if len(codes) and not (codes.min() >= 0 and codes.max() < n_names):
            raise ValueError(f"it has {noun} types beyond {n_names} names")


def as_types(values: Any, n: int, name: str, entries: str) -> Types | None:
    """Return types of n entries by name, or None.

    Parameters
    ----------
    values : array-like of shape (n,) or None
        Text or whole numbers from 0.
    n : int
        Number of entries.
    name : str
        Name of the argument in messages.
    entries : str
        What each type belongs to, such as "node", in messages.

    Raises
    ------
    TypeError
        If types are not all text or all whole numbers.
    ValueError
        If there is not one type per entry, or one is missing or negative.
    """
    if values is None:
        return None
    dtype = None if hasattr(values, "dtype") else object  # numpy would make text of all
    array = as_array(values, name, f"one type per {entries}", dtype)
    if array.shape != (n,):
        raise ValueError(
            f"{name} must have one type per {entries} ({n}), got shape {array.shape}. "
            "Give them in the order of these entries."
        )
    plain = _plain(array, name)
    names, codes = np.unique(plain, return_inverse=True)
    if names.dtype.kind == "i" and names[0] < 0:
        raise ValueError(
            f"{name} must be text or whole numbers from 0, got {names[0]}. A missing "
            "category of pandas has the code -1: give it a type of its own."
        )
    return Types(codes.astype(np.int32).reshape(n), names)


def _plain(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return types as an array of text or int64."""
    if array.dtype.kind == "U" or array.size == 0:
        return array.astype(str)
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    found: list[Any] = array.tolist()
    missing = [row for row, each in enumerate(found) if is_missing(each)]
    if missing:
        raise ValueError(
            f"{name} must have no missing types, got {len(missing)} (first at position "
            f"{missing[0]}). Give them a type of their own, such as 'unknown'."
        )
    if all(isinstance(each, str) for each in found):
        return array.astype(str)
    whole = int, np.integer
    if all(isinstance(each, whole) and type(each) is not bool for each in found):
        return array.astype(np.int64)
    raise TypeError(
        f"{name} must be all text or all whole numbers, got {listing(found, 3)}. "
        "Convert them, for example with astype(str)."
    )


def concatenated(parts: Sequence[Types | None]) -> Types | None:
    """Return the types of some entries, then those of others; None without types.

    All or none of the parts have types.
    """
    known = [part for part in parts if part is not None]
    if not known:
        return None
    names = known[0].names
    if not all(part.listed == known[0].listed for part in known):
        names = np.unique(np.concatenate([part.names for part in known]))
    listed: TypeNames = tuple(names.tolist())
    return Types(np.concatenate([part.coded_by(listed) for part in known]), names)


@dataclass(frozen=True, eq=False)
class GraphTypes:
    """Types of the edges and of the nodes of a graph."""

    edges: Types | None = None
    """Types of the edges, in the order of the stored entries; None without any."""
    nodes: Types | None = None
    """Types of the nodes, None without any."""

    def take(self, entries: Rows | None = None, nodes: Rows | None = None) -> Any:
        """Return the types of some edges and nodes; None stands for all."""
        return GraphTypes(_taken(self.edges, entries), _taken(self.nodes, nodes))

    @staticmethod
    def side_by_side(parts: Sequence["GraphTypes"]) -> "GraphTypes":
        """Return the types of a disjoint union."""
        return GraphTypes(
            concatenated([part.edges for part in parts]),
            concatenated([part.nodes for part in parts]),
        )

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """Codes of edges and nodes."""
        return [each.codes for each in (self.edges, self.nodes) if each is not None]


NO_TYPES = GraphTypes()


def _taken(types: Types | None, rows: Rows | None) -> Types | None:
    return types if types is None or rows is None else types.take(rows)
