"""Nodes of a graph, or of a list of graphs, as one table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skattn._compat_sklearn import (
    _check_feature_names,
    _check_n_features,
    _safe_indexing,
)
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._graph_list import is_graph_list


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes of a graph, or of the disjoint union of a list, and the inverse."""

    graph: Graph
    """The graph or view as given, or the union of the list."""
    listed: list[Graph] | None
    """The list as given, or None if it was one graph."""
    node_ptr: np.ndarray | None
    """(n_graphs + 1,): graph g of the list holds node_ptr[g] to node_ptr[g + 1]."""

    @classmethod
    def of(cls, X: Any, owner: str) -> "Nodes":
        """Check the input of a transformer called `owner`."""
        if isinstance(X, Graph):
            return cls(X, None, None)
        if not (is_graph_list(X) or (isinstance(X, list | tuple) and len(X) == 0)):
            raise TypeError(
                f"{owner} needs X to be a Graph or a list of graphs, got "
                f"{type(X).__name__}. A table goes to the transformer itself."
            )
        graphs = list(X)
        collection = GraphCollection.of(graphs)
        return cls(collection.whole, graphs, collection.node_ptr)

    def labels(self, y: Any) -> Any:
        """Return one label per target; nodes of a list have their graph's."""
        if y is None or self.node_ptr is None or self.listed is None:
            return y
        n_graphs = len(self.listed)
        if len(y) != n_graphs:
            raise ValueError(
                f"y must have one entry per graph ({n_graphs}), got {len(y)}. Slice "
                "graphs and labels alike."
            )
        graphs = np.repeat(np.arange(n_graphs), np.diff(self.node_ptr))
        return _safe_indexing(y, graphs)

    def with_features(self, features: Any) -> Graph | list[Graph]:
        """Return the input with other features, one row per node."""
        graph = self.graph.with_features(features)
        if self.listed is None or self.node_ptr is None:
            return graph
        table = graph.X.tocsr() if sparse.issparse(graph.X) else graph.X
        rows = getattr(table, "iloc", table)
        bounds = zip(self.listed, self.node_ptr[:-1], self.node_ptr[1:], strict=True)
        return [one.with_features(rows[low:high]) for one, low, high in bounds]


def check_features(estimator: Any, features: Any, *, reset: bool) -> None:
    """Store the names and number of node features, or compare with those at fit."""
    if features is None:
        features = np.empty((0, 0))
    _check_feature_names(estimator, features, reset=reset)
    _check_n_features(estimator, features, reset=reset)
