"""The nodes of a graph or a list of graphs as one table."""

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
    """Nodes of a graph, or of the disjoint union of a list of graphs."""

    graph: Graph
    """Graph or view, or the union of the list."""
    listed: list[Graph] | None
    """List of graphs, or None for a single graph."""
    node_ptr: np.ndarray | None
    """(n_graphs + 1,): graph g holds the nodes node_ptr[g] to node_ptr[g + 1]."""

    @classmethod
    def of(cls, X: Any, owner: str) -> "Nodes":
        """Wrap the input X of a transformer; messages name its class `owner`."""
        if isinstance(X, Graph):
            return cls(X, None, None)
        if not (is_graph_list(X) or (isinstance(X, list | tuple) and len(X) == 0)):
            raise TypeError(
                f"{owner} needs X to be a Graph or a list of graphs, got "
                f"{type(X).__name__}. Convert a table with skattn.graph.knn_graph(X) "
                "or apply scikit-learn's transformers to it directly."
            )
        graphs = list(X)
        collection = GraphCollection.of(graphs)
        return cls(collection.whole, graphs, collection.node_ptr)

    def labels(self, y: Any) -> Any:
        """Return one label per target: in a list, the label of the node's graph."""
        if y is None or self.node_ptr is None or self.listed is None:
            return y
        n_graphs = len(self.listed)
        if len(y) != n_graphs:
            raise ValueError(
                f"y must have one entry per graph ({n_graphs}), got {len(y)}. Select "
                "the same rows of graphs and labels."
            )
        graphs = np.repeat(np.arange(n_graphs), np.diff(self.node_ptr))
        return _safe_indexing(y, graphs)

    def with_features(self, features: Any) -> Graph | list[Graph]:
        """Return the graph, or the list of graphs, with other node features."""
        graph = self.graph.with_features(features)
        if self.listed is None or self.node_ptr is None:
            return graph
        table = graph.X.tocsr() if sparse.issparse(graph.X) else graph.X
        rows = getattr(table, "iloc", table)
        bounds = zip(self.listed, self.node_ptr[:-1], self.node_ptr[1:], strict=True)
        return [one.with_features(rows[low:high]) for one, low, high in bounds]


def check_features(estimator: Any, features: Any, *, reset: bool) -> None:
    """Store names and number of node features, or compare them with those at fit."""
    if features is None:
        features = np.empty((0, 0))
    _check_feature_names(estimator, features, reset=reset)
    _check_n_features(estimator, features, reset=reset)
