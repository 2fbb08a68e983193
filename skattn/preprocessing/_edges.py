"""The edges of a graph or a list of graphs as one table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn._compat_sklearn import _safe_indexing
from skattn.graph import Graph
from skattn.graph._adjacency import as_edge_features
from skattn.graph._ragged_range import ragged_range
from skattn.preprocessing._nodes import Nodes


@dataclass(frozen=True, eq=False)
class GraphEdges:
    """Edges of a graph, or of the disjoint union of a list of graphs."""

    nodes: Nodes
    """The nodes of the same input."""

    @classmethod
    def of(cls, X: Any, owner: str) -> "GraphEdges":
        """Return the edges of the input X of the transformer class named `owner`."""
        return cls(Nodes.of(X, owner))

    @property
    def features(self) -> Any:
        """Features of all edges, (n_edges, n_edge_features), or None."""
        return self.nodes.graph.edge_features

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions of the edges from which targets receive."""
        rows = ragged_range(*self._ranges)
        if len(rows) == 0:
            raise ValueError(
                "EdgeTransformer needs edges whose receivers are target nodes, got "
                f"none in {self.nodes.graph!r}. Fit it to more nodes or graphs."
            )
        return rows

    @property
    def _ranges(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        indptr = self.nodes.graph.adjacency.indptr.astype(np.int64)
        starts = indptr[self.nodes.graph.targets]
        return starts, indptr[self.nodes.graph.targets + 1] - starts

    def labels(self, y: Any) -> Any:
        """Return one label per row, that of the receiver or of the graph."""
        y = self.nodes.labels(y)
        if y is None:
            return None
        _, lengths = self._ranges
        return _safe_indexing(y, np.repeat(np.arange(len(lengths)), lengths))

    def with_features(self, features: Any) -> Graph | list[Graph]:
        """Return the graph, or the list of graphs, with other edge features."""
        dense = features.toarray() if sparse.issparse(features) else features
        whole = self.nodes.graph
        checked = as_edge_features(dense, whole.n_edges)
        if self.nodes.listed is None or self.nodes.node_ptr is None:
            return whole._replaced(edge_features=checked)
        edge_ptr = whole.adjacency.indptr[self.nodes.node_ptr]
        bounds = zip(self.nodes.listed, edge_ptr[:-1], edge_ptr[1:], strict=True)
        return [one._replaced(edge_features=checked[a:b]) for one, a, b in bounds]
