"""Numbers of features and descriptors of a graph and their comparison at prediction."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self


class Difference(NamedTuple):
    """Different number of features in two schemas."""

    noun: str
    """Kind of the columns: "feature", "edge feature" or "descriptor"."""
    expected: int
    got: int


@dataclass(frozen=True)
class GraphSchema:
    """Numbers of node features, edge features and descriptors of a graph."""

    n_features: int
    """Node features, 0 without any."""
    n_edge_features: int
    """Edge features, 0 without any."""
    n_descriptors: int = 0
    """Descriptors of a whole graph, 0 without any."""

    @classmethod
    def of(cls, graph: Any) -> Self:
        """Return the schema of a Graph or GraphCollection."""
        return cls(graph.n_features, graph.n_edge_features, graph.n_descriptors)

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
        found = self.difference(self.of(view))
        if found is None:
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
