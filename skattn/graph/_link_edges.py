"""Edges of the context of pairs: fitted links, and the edges of a given graph."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._adjacency import entry_rows, index_dtype
from skattn.graph._graph import Graph
from skattn.graph._pair_keys import Pairs, first_of_each, pair_keys

Columns = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LinkEdges:
    """Edges of the context of pairs, each once."""

    n_nodes: int
    """Number of nodes."""
    pairs: Pairs
    """(n_edges, 2) the edges."""
    weight: NDArray[np.float32]
    """(n_edges,) their weights."""
    columns: Columns
    """(n_edges, n_columns) their features: the labels of fitted links, 0 for other
    edges, and the edge features of a given graph, 0 for links that it does not have."""
    directed: bool
    """Whether an edge differs from its reverse."""

    @classmethod
    def of_graph(cls, graph: Graph, *, directed: bool) -> "LinkEdges":
        """Return the edges of a graph without self-loops."""
        matrix = graph.adjacency
        pairs = np.stack([entry_rows(matrix), matrix.indices], 1).astype(np.int64)
        columns = graph.edge_features
        if columns is None:
            columns = np.empty((len(pairs), 0), np.float32)
        no_loop = np.flatnonzero(pairs[:, 0] != pairs[:, 1])
        edges = cls(graph.n_nodes, pairs, matrix.data, columns, directed)
        return edges._take(no_loop)._each_once()

    @classmethod
    def of_links(
        cls, n_nodes: int, pairs: Pairs, labels: Columns | None, *, directed: bool
    ) -> "LinkEdges":
        """Return links as edges of weight 1, with labels as columns.

        A link that occurs several times is one edge, with the mean of its labels.
        """
        if labels is None:
            labels = np.empty((len(pairs), 0), np.float32)
        keys = pair_keys(pairs, n_nodes, directed=directed)
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        total = np.zeros((len(first), labels.shape[1]))
        np.add.at(total, place, labels)
        mean = total / np.bincount(place)[:, None]
        order = np.argsort(first)
        distinct, weight = first[order], np.ones(len(first), np.float32)
        columns = mean[order].astype(np.float32)
        return cls(n_nodes, pairs[distinct], weight, columns, directed)

    @property
    def keys(self) -> NDArray[np.int64]:
        """Keys of the edges, (n_edges,)."""
        return pair_keys(self.pairs, self.n_nodes, directed=self.directed)

    def beside(self, other: "LinkEdges") -> "LinkEdges":
        """Add the edges of another graph that are not among these.

        The new links weigh as much as an average edge of the other graph.
        """
        widths = self.columns.shape[1], other.columns.shape[1]
        mean = other.weight.mean() if len(other.weight) else 1.0
        columns = np.zeros(
            (len(self.pairs) + len(other.pairs), sum(widths)), np.float32
        )
        columns[: len(self.pairs), : widths[0]] = self.columns
        columns[len(self.pairs) :, widths[0] :] = other.columns
        joined = LinkEdges(
            self.n_nodes,
            np.concatenate([self.pairs, other.pairs]),
            np.concatenate([self.weight * np.float32(mean), other.weight]),
            columns,
            self.directed,
        )
        return joined._each_once()

    def graph(self) -> Graph:
        """Make the graph with both directions of every edge.

        With direction, the edge features are two columns that are 1 for an edge and
        for a reverse edge, the columns of the edge and those of the reverse edge.
        """
        ends = np.concatenate([self.pairs, self.pairs[:, ::-1]])
        keys, first, place = np.unique(
            pair_keys(ends, self.n_nodes, directed=True),
            return_index=True,
            return_inverse=True,
        )
        columns = self._columns_of_both()
        features = np.zeros((len(keys), columns.shape[1]), np.float32)
        np.add.at(features, place, columns)
        weight = np.concatenate([self.weight, self.weight])[first]
        index = index_dtype(self.n_nodes, len(keys))
        indptr = np.searchsorted(keys, np.arange(self.n_nodes + 1) * self.n_nodes)
        parts = weight, (keys % self.n_nodes).astype(index), indptr.astype(index)
        adjacency = sp.csr_array(parts, shape=(self.n_nodes, self.n_nodes))
        return Graph._trusted(
            adjacency, None, features if features.shape[1] else None, None
        )

    def _columns_of_both(self) -> Columns:
        """Return the features of all edges, then of all reverse edges."""
        if not self.directed:
            return np.concatenate([self.columns, self.columns])
        ahead = np.ones((len(self.pairs), 1), np.float32)
        halves = (
            [ahead, np.zeros_like(ahead)],
            [self.columns, np.zeros_like(self.columns)],
        )
        there = np.concatenate([*halves[0], *halves[1]], 1)
        back = np.concatenate([*halves[0][::-1], *halves[1][::-1]], 1)
        return np.concatenate([there, back])

    def _each_once(self) -> "LinkEdges":
        """Keep the first edge of each pair."""
        return self._take(first_of_each(self.keys))

    def _take(self, rows: NDArray[np.int64]) -> "LinkEdges":
        parts = self.pairs[rows], self.weight[rows], self.columns[rows]
        return LinkEdges(self.n_nodes, *parts, self.directed)
