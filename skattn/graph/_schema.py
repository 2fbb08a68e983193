"""Schema of a graph: its numbers of features."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self


class Difference(NamedTuple):
    """Difference of two schemas in one number of features."""

    noun: str
    """Name of the feature, singular: "feature" or "edge feature"."""
    expected: int
    got: int


@dataclass(frozen=True)
class GraphSchema:
    """Numbers of features of a graph, or of the graphs that a network was fitted on."""

    n_features: int
    """Node features, 0 without any."""
    n_edge_features: int
    """Edge features, 0 without any."""

    @classmethod
    def of(cls, graph: Any) -> Self:
        """Return the schema of a Graph, a GraphCollection or a view of one."""
        return cls(graph.n_features, graph.n_edge_features)

    def difference(self, other: "GraphSchema") -> Difference | None:
        """Return the first difference to another schema, or None."""
        if other.n_features != self.n_features:
            return Difference("feature", self.n_features, other.n_features)
        if other.n_edge_features != self.n_edge_features:
            edges = self.n_edge_features, other.n_edge_features
            return Difference("edge feature", *edges)
        return None

    def check(self, view: Any) -> None:
        """Compare a graph at predict with the schema of fit.

        Parameters
        ----------
        view : Graph or GraphCollection
            With checked features.

        Raises
        ------
        ValueError
            If it has more or fewer features or edge features.
        """
        found = self.difference(self.of(view))
        if found is None:
            return
        remedy = "edge_features" if found.noun == "edge feature" else "columns of X"
        raise ValueError(
            f"the graph must have {found.expected} {found.noun}s, as at fit, got "
            f"{found.got}. Give it the same {remedy}, or fit again."
        )
