"""Features, descriptors and types of a graph, and their comparison at prediction."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from skattn.graph._labels import listing
from skattn.graph._types import TypeNames, Types


class Difference(NamedTuple):
    """Different number of features in two schemas."""

    noun: str
    """Kind of the columns: "feature", "edge feature" or "descriptor"."""
    expected: int
    got: int


@dataclass(frozen=True)
class GraphSchema:
    """Numbers of features and descriptors of a graph, and names of its types."""

    n_features: int
    """Node features, 0 without any."""
    n_edge_features: int
    """Edge features, 0 without any."""
    n_descriptors: int = 0
    """Descriptors of a whole graph, 0 without any."""
    edge_types: TypeNames | None = None
    """(n_edge_types,) ascending names of the types of edges, None without any."""
    node_types: TypeNames | None = None
    """(n_node_types,) ascending names of the types of nodes, None without any."""

    @property
    def n_edge_types(self) -> int:
        """Number of edge types, 0 without any."""
        return len(self.edge_types or ())

    @property
    def n_node_types(self) -> int:
        """Number of node types, 0 without any."""
        return len(self.node_types or ())

    @classmethod
    def of(cls, graph: Any) -> Self:
        """Return the schema of a Graph or GraphCollection."""
        types = graph._types
        return cls(
            graph.n_features,
            graph.n_edge_features,
            graph.n_descriptors,
            _names(types.edges),
            _names(types.nodes),
        )

    def difference(self, other: "GraphSchema") -> Difference | None:
        """Return the first difference to another schema, or None."""
        if other.n_features != self.n_features:
            return Difference("feature", self.n_features, other.n_features)
        if other.n_edge_features != self.n_edge_features:
            edges = self.n_edge_features, other.n_edge_features
            return Difference("edge feature", *edges)
        if other.n_descriptors != self.n_descriptors:
            numbers = self.n_descriptors, other.n_descriptors
            return Difference("descriptor", *numbers)
        return None

    def check(self, view: Any) -> None:
        """Raise ValueError if a Graph or GraphCollection at prediction differs."""
        schema = self.of(view)
        found = self.difference(schema)
        if found is None:
            _check_types(self.edge_types, schema.edge_types, "edge")
            _check_types(self.node_types, schema.node_types, "node")
            return
        if found.noun == "descriptor":
            raise ValueError(
                f"graph 0 and all others must have {found.expected} descriptors, as at "
                f"fit, got {found.got}. Set the same ones with "
                "graph.with_descriptors(...), None for none, or fit again."
            )
        remedy = "edge_features" if found.noun == "edge feature" else "columns of X"
        raise ValueError(
            f"the graph must have {found.expected} {found.noun}s, as at fit, got "
            f"{found.got}. Pass a graph with the same {remedy}, or fit again."
        )


def _names(types: Types | None) -> TypeNames | None:
    """Return the names of the types that occur."""
    if types is None:
        return None
    occurs = np.bincount(types.codes, minlength=len(types.names)) > 0
    return tuple(types.names[occurs].tolist())


def _check_types(known: TypeNames | None, given: TypeNames | None, noun: str) -> None:
    """Raise ValueError unless types at prediction are among those at fit."""
    if known is None and given is not None:
        raise ValueError(
            f"the graph must have no {noun} types, as at fit, got {listing(given)}. "
            f"Leave {noun}_types out with graph.with_types(...), or fit again."
        )
    if known is not None and given is None:
        raise ValueError(
            f"the graph must have {noun} types, as at fit ({listing(known)}), got "
            f"none. Set them with graph.with_types({noun}_types=...), or fit again."
        )
    unknown = [name for name in given or () if name not in (known or ())]
    if unknown:
        raise ValueError(
            f"{noun} types must be among those at fit ({listing(known)}), got "
            f"{listing(unknown)}, of which nothing was learned. Fit with a graph that "
            "has them, replace them by a known type, or leave out what has them."
        )
