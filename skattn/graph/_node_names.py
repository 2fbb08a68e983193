"""Names of the nodes that pairs refer to."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skattn.graph._graph import Graph

Side = Literal["source", "target"]
"""Column of a pair."""


@dataclass(frozen=True, eq=False)
class NodeNames:
    """Names of the nodes that pairs refer to."""

    n_nodes: int
    """Number of nodes."""
    labels: np.ndarray | None
    """(n_nodes,) names; None if nodes are numbered."""
    n_sources: int | None = None
    """Number of the nodes that sources refer to, the first ones, if targets have names
    of their own; None if both columns name the same nodes."""

    @classmethod
    def of_graph(cls, graph: Graph) -> "NodeNames":
        """Return the names of the nodes of a graph."""
        labels = None if graph.nodes is None else name_array(graph.nodes)
        return cls(graph.n_nodes, labels)

    @classmethod
    def of_columns(
        cls, sources: NDArray[Any], targets: NDArray[Any], *, apart: bool
    ) -> "NodeNames":
        """Return the distinct names of pairs; with `apart`, of each column."""
        if not apart:
            labels = _distinct(sources, targets)
            return cls(len(labels), name_array(labels))
        first, second = _distinct(sources), _distinct(targets)
        labels = [*first, *second]
        return cls(len(labels), name_array(labels), len(first))

    def check(self) -> None:
        """Raise ValueError unless there is one name per node."""
        fits = self.labels is None or self.labels.shape == (self.n_nodes,)
        if not fits or (self.n_sources or 0) > self.n_nodes:
            raise ValueError(f"it must have one name for each of {self.n_nodes} nodes")

    def positions(self, names: NDArray[Any], side: Side) -> NDArray[np.int64]:
        """Return the position of each named node, -1 for unknown names."""
        if self.labels is None:
            return _numbers(names, self.n_nodes)
        position_of = self._of_targets if side == "target" else self._of_sources
        found = [position_of.get(name, -1) for name in names.tolist()]
        return np.array(found, np.int64)

    def names(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """Return the names of nodes, their numbers without names."""
        return positions if self.labels is None else self.labels[positions]

    @cached_property
    def _of_sources(self) -> dict[Any, int]:
        return self._lookup(0, self.n_sources)

    @cached_property
    def _of_targets(self) -> dict[Any, int]:
        if self.n_sources is None:
            return self._of_sources
        return self._lookup(self.n_sources, None)

    def _lookup(self, start: int, stop: int | None) -> dict[Any, int]:
        assert self.labels is not None
        part = self.labels[start:stop].tolist()
        return {name: start + k for k, name in enumerate(part)}


def name_array(names: Iterable[Any]) -> NDArray[Any]:
    """Return names as an array of integers or of text, of objects if they are mixed."""
    values = list(names)
    for kind in (str, int):
        if values and all(type(value) is kind for value in values):
            array = np.array(values)
            if array.dtype.kind in "iU":  # larger integers would be rounded
                return array
    plain = [
        value.item() if isinstance(value, np.generic) else value for value in values
    ]
    if any(a is not b for a, b in zip(plain, values, strict=True)):
        return name_array(plain)
    return np.fromiter(plain, dtype=object, count=len(plain))


def _distinct(*columns: NDArray[Any]) -> list[Any]:
    """Return distinct names, ascending if they can be compared."""
    values = list(dict.fromkeys(chain(*(column.tolist() for column in columns))))
    try:
        return sorted(values)
    except TypeError:
        return values


def _numbers(names: NDArray[Any], n_nodes: int) -> NDArray[np.int64]:
    """Return names that are numbers of nodes, -1 for others."""
    if names.dtype == object:
        names = np.array([n if isinstance(n, int | float) else -1 for n in names])
    if names.dtype.kind not in "iuf":
        return np.full(len(names), -1)
    with np.errstate(invalid="ignore"):
        positions: NDArray[np.int64] = names.astype(np.int64)
    inside = (positions == names) & (positions >= 0) & (positions < n_nodes)
    return np.where(inside, positions, -1)
