"""Names of the nodes and features of an explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph import Graph
from skattn.graph._name_table import plain

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """That part of the user's graph which an explanation was computed from."""

    graph: Graph
    """Its nodes and edges."""
    nodes: Ints | None = None
    """(n_nodes,) ascending positions in the user's graph; None if it is the whole."""

    def subgraph(self, nodes: Ints) -> Graph:
        """Cut out nodes, by their positions in the user's graph."""
        at = nodes if self.nodes is None else np.searchsorted(self.nodes, nodes)
        return self.graph.base.subgraph(at)


@dataclass(frozen=True, eq=False)
class Recording:
    """Values of the steps of a sequence."""

    values: NDArray[Any]
    """(n_steps, n_channels)."""
    channels: Sequence[Any]
    """(n_channels,) names of the channels."""


@dataclass(frozen=True, eq=False)
class Names:
    """Names of the candidates of one answer."""

    n_nodes: int
    """Number of nodes of the user's graph."""
    features: tuple[Any, ...]
    """Names of the features."""
    noun: str
    """What a node is: "node", "row" or "step"."""
    title: str
    """Name of the answer's row, node, graph or sequence."""
    targets: tuple[int, ...] = ()
    """Position of the answer's node, or of both nodes of a pair; none for a graph."""
    labels: Any = None
    """Labels of the nodes, or None."""
    n_fitted: int | None = None
    """Number of fitted rows of a plain table, which come first; else None."""
    stride: int = 1
    """Number of steps of a sequence that are removed together."""
    molecule: Any = None
    """Molecule of RDKit whose atoms are the nodes, or None."""
    recording: Recording | None = None
    """Values of a sequence; None for other inputs."""

    def spread(self, firsts: Ints, values: NDArray[Any]) -> NDArray[Any]:
        """Return a value per node from one per group, named by its first node."""
        spread = np.zeros(self.n_nodes + self.stride, values.dtype)
        for k in range(self.stride):
            spread[firsts + k] = values
        return spread[: self.n_nodes]

    def of(self, kind: str, ends: Ints) -> tuple[Any, ...]:
        """Return the names of an edge's ends, a node or a feature."""
        if kind == "features":
            return (self.features[int(ends[0])],)
        return tuple(self.node(int(end)) for end in ends)

    def node(self, position: int) -> Any:
        """Return the name of a node: its label or position, a row, or steps."""
        last = min(position + self.stride, self.n_nodes) - 1
        if last > position:
            return f"{position}-{last}"
        if self.n_fitted is not None:
            if position < self.n_fitted:
                return f"fitted row {position}"
            return f"row {position - self.n_fitted}"
        return position if self.labels is None else plain(self.labels[position])
