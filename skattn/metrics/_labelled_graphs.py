"""Lists of graphs with features as labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._frames import is_frame
from skattn.graph._ragged_range import ragged_range


@dataclass(frozen=True, eq=False)
class LabelledGraphs:
    """Disjoint union of graphs with labels of nodes and edges, in CSR form."""

    indptr: NDArray[np.int64]
    """(n_nodes + 1,)"""
    indices: NDArray[np.int64]
    """(n_edges,)"""
    edge_codes: NDArray[np.int64]
    """(n_edges,) equal for edges with equal weights and features."""
    node_codes: NDArray[np.int64]
    """(n_nodes,) equal for nodes with equal features."""
    node_ptr: NDArray[np.int64]
    """(n_graphs + 1,): graph g holds the nodes node_ptr[g] to node_ptr[g + 1]."""

    @classmethod
    def of(cls, graphs: Sequence[Graph]) -> "LabelledGraphs":
        """Encode the labels of a list of graphs with equal columns by numbers."""
        collection = GraphCollection.of(graphs)
        whole = collection.whole
        edges = whole.adjacency.data[:, None]
        if whole.edge_features is not None:
            edges = np.column_stack([edges, whole.edge_features])
        return cls(
            whole.adjacency.indptr.astype(np.int64),
            whole.adjacency.indices.astype(np.int64),
            _row_codes(edges, len(edges)),
            _row_codes(whole.X, whole.n_nodes),
            collection.node_ptr,
        )

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of nodes (n_graphs,) of each graph."""
        return np.diff(self.node_ptr)

    def take(self, numbers: Sequence[int]) -> "LabelledGraphs":
        """Return the union of some graphs, in this order."""
        starts, sizes = self.node_ptr[numbers], self.sizes[numbers]
        nodes = ragged_range(starts, sizes)
        lengths = np.diff(self.indptr)[nodes]
        edges = ragged_range(self.indptr[nodes], lengths)
        node_ptr = np.concatenate([[0], np.cumsum(sizes)])
        moved = np.repeat(np.repeat(node_ptr[:-1] - starts, sizes), lengths)
        return LabelledGraphs(
            np.concatenate([[0], np.cumsum(lengths)]),
            self.indices[edges] + moved,
            self.edge_codes[edges],
            self.node_codes[nodes],
            node_ptr,
        )

    def entries(self, graph: int, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sorted edges (3, n_edges) of a graph with renumbered nodes.

        A column has the new numbers of receiver and sender, and the label.
        """
        start, stop = self.node_ptr[graph : graph + 2]
        indptr = self.indptr[start : stop + 1]
        edges = slice(indptr[0], indptr[-1])
        receivers = np.repeat(places, np.diff(indptr))
        senders = places[self.indices[edges] - start]
        found = np.stack([receivers, senders, self.edge_codes[edges]])
        return found[:, np.lexsort(found)]


def _row_codes(X: Any, n_rows: int) -> NDArray[np.int64]:
    """Return a number per row, equal for equal rows; missing values are equal."""
    codes = np.zeros(n_rows, np.int64)
    for column in _columns(X):
        values = _value_codes(np.asarray(column))
        codes = np.unique(
            codes * (values.max(initial=0) + 1) + values, return_inverse=True
        )[1]
    return codes


def _columns(X: Any) -> list[Any]:
    if X is None:
        return []
    if is_frame(X):
        return [X[name] for name in X.columns]
    dense = X.toarray() if sparse.issparse(X) else np.asarray(X)
    return list(dense.T)


def _value_codes(values: NDArray[Any]) -> NDArray[np.int64]:
    if values.dtype != object:
        return np.unique(values, return_inverse=True)[1].astype(np.int64)
    known: dict[Any, int] = {}
    texts = [None if value != value else value for value in values.tolist()]  # NaN
    return np.array([known.setdefault(value, len(known)) for value in texts], np.int64)
