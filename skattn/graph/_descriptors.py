"""Descriptors: numbers that describe a whole graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._alignment import has_index
from skattn.graph._data_objects import as_array
from skattn.graph._labels import is_default_index, listing
from skattn.graph._numbers import as_floats

Names = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class Descriptors:
    """Descriptors of one graph or of the graphs of a collection."""

    values: NDArray[np.float64]
    """(n_descriptors,) of one graph, (n_graphs, n_descriptors) of many."""
    names: Names
    """(n_descriptors,) unique names, or None."""

    @property
    def width(self) -> int:
        """Number of descriptors."""
        return int(self.values.shape[-1])

    def values_in_order(self, names: Names) -> NDArray[np.float64]:
        """Return the values in the order of names; as they are if either has none."""
        if names is None or self.names is None or names == self.names:
            return self.values
        return self.values[..., [self.names.index(name) for name in names]]


def as_descriptors(given: Any) -> Descriptors | None:
    """Return the numbers of a sequence, dict or Series of one graph, with its names."""
    if given is None:
        return None
    names, values = _names_and_values(given)
    if not hasattr(values, "shape"):
        values = as_array(values, "descriptors", "one number each")
    if len(values.shape) != 1:
        raise ValueError(
            "descriptors must be one-dimensional, the numbers of one graph, got shape "
            f"{tuple(values.shape)}. Use [value] for a single number, row.ravel() for "
            "a row of a table."
        )
    numbers = np.array(as_floats(values, "descriptors"), np.float64)
    if len(numbers) == 0:
        raise ValueError(
            "descriptors must hold at least one number, got none. Use descriptors=None."
        )
    return Descriptors(numbers, None if names is None else _checked(names))


def _names_and_values(given: Any) -> tuple[Any, Any]:
    """Return the names of descriptors, None without any, and their values."""
    if isinstance(given, Mapping):
        return list(given), list(given.values())
    if has_index(given) and not is_default_index(given.index):
        return list(given.index), given
    return None, given


def _checked(names: Sequence[Any]) -> Names:
    texts = [str(name) for name in names if isinstance(name, str)]
    if len(texts) < len(names):
        other = next(name for name in names if not isinstance(name, str))
        raise TypeError(
            f"Names of descriptors must be text, got {other!r}. Use an array for "
            "descriptors without names."
        )
    repeated = sorted({name for name in texts if texts.count(name) > 1})
    if repeated:
        raise ValueError(
            f"Names of descriptors must be unique, got {repeated[0]!r} more than once. "
            "Rename them, or use an array."
        )
    return tuple(texts)


def stacked_descriptors(rows: Sequence[Descriptors | None]) -> Descriptors | None:
    """Return the descriptors of graphs, in the order of names of the first one.

    Raises ValueError, with the number of the graph, if they differ in number or names.
    """
    first = rows[0]
    for number, row in enumerate(rows):
        here, there = _different_texts(row, first)
        if here != there:
            raise ValueError(
                "Graphs of a list must agree in their descriptors: graph "
                f"{number} has {here} where graph 0 has {there}. Use "
                "graph.with_descriptors(...) to give all the same ones, NaN where a "
                "value is unknown."
            )
    if first is None:
        return None
    values = [row.values_in_order(first.names) for row in rows if row is not None]
    return Descriptors(np.stack(values), first.names)


def _different_texts(row: Descriptors | None, first: Descriptors | None) -> Any:
    """Return texts of the first difference between the descriptors of two graphs."""
    if row is None or first is None or row.width != first.width:
        return _count_text(row), _count_text(first)
    if row.names is None or first.names is None:
        texts = "descriptors with names", "descriptors without names"
        return texts[row.names is None], texts[first.names is None]
    if row.names == first.names or set(row.names) == set(first.names):
        return "", ""
    only_here = [name for name in row.names if name not in first.names]
    only_there = [name for name in first.names if name not in row.names]
    return f"the descriptor {only_here[0]!r}", f"{only_there[0]!r}"


def _count_text(row: Descriptors | None) -> str:
    n = 0 if row is None else row.width
    return f"{n or 'no'} descriptor{'' if n == 1 else 's'}"


def refuse_infinite_descriptors(table: Descriptors | None) -> None:
    """Raise ValueError, with graph and descriptor, if one is infinite."""
    if table is None or not np.isinf(table.values).any():
        return
    graph, column = np.argwhere(np.isinf(table.values))[0]
    name = column if table.names is None else repr(table.names[column])
    raise ValueError(
        "Descriptors must be finite or missing (NaN), got "
        f"{table.values[graph, column]} as descriptor {name} of graph {graph}. Replace "
        "it by NaN, or leave the graph or the descriptor out."
    )


def refuse_descriptors(graph: Any) -> None:
    """Raise ValueError if a graph has descriptors and its nodes are the rows."""
    if graph.n_descriptors:
        raise ValueError(
            "A Graph whose nodes are predicted must have no descriptors, which "
            f"describe a whole graph, got {graph!r}. Add them as columns of X, or use "
            "graph.with_descriptors(None); pass a list, [graph, ...], to predict "
            "graphs."
        )


def names_text(names: Names) -> str:
    """Return some names in parentheses, for messages; "" without names."""
    return "" if names is None else f" ({listing(names)})"
