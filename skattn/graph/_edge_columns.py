"""Columns of edge tables: the ends of the edges, weights and edge features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._alignment import aligned, has_index
from skattn.graph._data_objects import as_array
from skattn.graph._labels import may_be_row_numbers

_END_NAMES = (
    ("source", "target"),
    ("src", "dst"),
    ("from", "to"),
    ("receiver", "sender"),
)
"""Names of the columns (u, v) that are found by name, in any order and case."""


def column_values(edges: Any, values: Any, thing: str) -> Any:
    """Return the columns of an edge table that are given by name, else the values.

    A Series or DataFrame with the index of the edge table is aligned with it; `thing`
    is its name in messages.
    """
    names = _names(values)
    if names is not None:
        _check_columns(edges, names)
        return edges[values].to_numpy()
    if not (has_index(edges) and has_index(values)):
        return values
    if may_be_row_numbers(edges.index) and not edges.index.isin(values.index).all():
        return values
    return aligned(values, edges.index, thing=thing, to="rows of edges")


def ends_of(edges: Any, source: Any, target: Any, *others: Any) -> NDArray[Any]:
    """Return the ends of the edges, (n_rows, 2), as labels or positions.

    Parameters
    ----------
    edges : array-like or DataFrame of shape (n_rows, 2)
        The argument of ``from_edges``.
    source, target : str or None
        Names of the columns, if given.
    *others : object
        Arguments that may name other columns of `edges`.
    """
    if (source is None) != (target is None):
        raise ValueError(
            "source= and target= must be given together, got "
            f"source={source!r} and target={target!r}. Name both columns."
        )
    if source is not None:
        _check_columns(edges, [source, target])
        columns = list(edges.columns)
        return _two_columns(edges, columns.index(source), columns.index(target))
    if not _is_table(edges):
        return _pairs(edges)
    used = {name for each in others for name in _names(each) or ()}
    return _two_columns(edges, *_end_columns(list(edges.columns), used))


def _is_table(edges: Any) -> bool:
    """Return whether this is a DataFrame, of pandas or polars."""
    return hasattr(edges, "columns") and hasattr(edges, "to_numpy")


def _names(values: Any) -> list[str] | None:
    """Return the names of columns, or None for values."""
    names = [values] if isinstance(values, str) else values
    named = isinstance(names, list) and names and isinstance(names[0], str)
    return names if named else None


def _check_columns(edges: Any, names: list[Any]) -> None:
    columns = list(edges.columns) if _is_table(edges) else []
    missing = [name for name in names if name not in columns]
    if missing:
        raise ValueError(
            f"edges must be a DataFrame with the columns {names}, got none called "
            f"{missing}. Name columns of edges, or pass the values as arrays."
        )
    twice = [name for name in names if columns.count(name) > 1]
    if twice:
        raise ValueError(
            f"edges must have one column of each name, got several called {twice}. "
            "Rename them."
        )


def _end_columns(columns: list[Any], used: set[str]) -> tuple[int, int]:
    """Return the positions of the columns of the ends, by name or as the only two."""
    free = [place for place, name in enumerate(columns) if name not in used]
    if len(free) < 2:
        raise ValueError(
            "edges must have two columns, receiver and sender, got "
            f"{len(free)}. A row (u, v) means that u attends to v."
        )
    names = [str(columns[place]).lower() for place in free]
    found = [
        pair for pair in _END_NAMES if [names.count(end) for end in pair] == [1, 1]
    ]
    if len(found) == 1:
        first, second = found[0]
        return free[names.index(first)], free[names.index(second)]
    if len(free) > 2:
        raise ValueError(
            "edges must have two columns besides those of weights=, edge_features= "
            "and edge_types=, or columns called source and target, got "
            f"{[columns[place] for place in free]}. Name the two columns: "
            "from_edges(edges, source=..., target=...)."
        )
    return free[0], free[1]


def _two_columns(edges: Any, first: int, second: int) -> NDArray[Any]:
    """Return two columns of a DataFrame as an array; labels keep their types."""
    if hasattr(edges, "iloc"):
        columns = [edges.iloc[:, first], edges.iloc[:, second]]
    else:
        columns = [edges.to_series(first), edges.to_series(second)]
    ends = [np.asarray(column.to_numpy()) for column in columns]
    numbers = all(end.dtype.kind in "iuf" for end in ends)
    alike = numbers or ends[0].dtype == ends[1].dtype
    pairs = np.empty((len(ends[0]), 2), np.result_type(*ends) if alike else object)
    pairs[:, 0], pairs[:, 1] = ends
    return pairs


def _pairs(edges: Any) -> NDArray[Any]:
    if isinstance(edges, (list, tuple)):
        return _pairs_from_list(edges)
    pairs = as_array(edges, "edges", "one pair (u, v) per row")
    if pairs.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        hint = " Transpose it." if pairs.ndim == 2 and pairs.shape[0] == 2 else ""
        raise ValueError(
            "edges must be of shape (n_rows, 2), where a row (u, v) means that u "
            f"attends to v, got shape {pairs.shape}.{hint}"
        )
    return pairs


def _pairs_from_list(edges: Any) -> NDArray[Any]:
    """Return an object array of pairs; numpy would convert mixed types to text."""
    pairs = np.empty((len(edges), 2), dtype=object)
    for number, edge in enumerate(edges):
        if not _is_pair(edge):
            raise ValueError(
                "edges must be pairs (u, v), which mean that u attends to v, got "
                f"{edge!r} at position {number}. Pass weights and features as weights= "
                "and edge_features=."
            )
        pairs[number, 0], pairs[number, 1] = edge
    return pairs


def _is_pair(edge: Any) -> bool:
    try:
        return not isinstance(edge, str | bytes | dict) and len(edge) == 2
    except TypeError:
        return False
