"""The edge features of a fit."""

from dataclasses import dataclass
from typing import Self

from skattn.graph._collection import GraphCollection
from skattn.graph._graph import Graph


@dataclass(frozen=True)
class GraphSchema:
    n_features: int
    n_edge_features: int

    @classmethod
    def of(cls, view: Graph | GraphCollection) -> Self:
        """Read the schema of a view."""
        return cls(view.n_features, view.n_edge_features)

    def check(self, view: Graph | GraphCollection) -> None:
        if view.n_edge_features != self.n_edge_features:
            raise ValueError(
                f"the graph must have {self.n_edge_features} edge features, as at "
                f"fit, got {view.n_edge_features}. Give it the same edge_features, or "
                "fit again."
            )
