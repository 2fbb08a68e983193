"""Undirected graphs with labels of nodes and edges, node by node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skattn._batch import _growth_kernels as kernels
from skattn._batch._row_ranges import RowRanges, copy_rows, cut_csr

Order = Literal["bfs", "dfs", "uniform"]
"""Law of the order in which the nodes of a graph are added."""
ORDERS: dict[Order, int] = {
    "bfs": kernels.BREADTH_FIRST,
    "dfs": kernels.DEPTH_FIRST,
    "uniform": kernels.UNIFORM,
}
"""Numbers of the orders in compiled functions."""


class Structure(NamedTuple):
    """Neighbours of the nodes of some graphs, as compiled functions take them."""

    node_ptr: NDArray[np.int64]
    """(n_graphs + 1,): nodes of each graph."""
    indptr: NDArray[np.int64]
    """(n_nodes + 1,): edges of each node."""
    indices: NDArray[np.int32]
    """(n_edges,): neighbours, numbered within their graph."""


class Ordered(NamedTuple):
    """Graphs with their nodes in a drawn order."""

    graphs: LabelledGraphs
    """The graphs."""
    nodes: NDArray[np.int64]
    """(n_nodes,): number of each node in its graph before."""
    log_q: NDArray[np.float64]
    """(n_graphs,): logarithms of the probabilities of the orders."""


@dataclass(frozen=True, eq=False)
class LabelledGraphs:
    """Undirected graphs without loops; nodes and edges have labels.

    Each edge is stored in both directions, and the neighbours of a node are in
    increasing order. Nodes are numbered within their graph.
    """

    structure: Structure
    """Neighbours of all nodes."""
    node_labels: NDArray[np.int64]
    """(n_nodes,): from 0."""
    edge_labels: NDArray[np.int64]
    """(n_edges,): from 1."""

    def __len__(self) -> int:
        return len(self.structure.node_ptr) - 1

    @classmethod
    def empty(cls, n_graphs: int) -> LabelledGraphs:
        """Return graphs without nodes."""
        none = np.zeros(0, np.int64)
        ptr = np.zeros(n_graphs + 1, np.int64)
        return cls(Structure(ptr, ptr[:1], none.astype(np.int32)), none, none)

    @classmethod
    def union(cls, parts: Sequence[LabelledGraphs]) -> LabelledGraphs:
        """Return the graphs of all parts."""
        structures = [part.structure for part in parts]
        structure = Structure(
            _joined([s.node_ptr for s in structures]),
            _joined([s.indptr for s in structures]),
            np.concatenate([s.indices for s in structures]),
        )
        labels = [(part.node_labels, part.edge_labels) for part in parts]
        return cls(structure, *map(np.concatenate, zip(*labels, strict=True)))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of nodes of each graph, (n_graphs,)."""
        return np.diff(self.structure.node_ptr)

    def take(self, numbers: NDArray[np.int64]) -> LabelledGraphs:
        """Return some graphs, in any order, possibly repeated."""
        node_ptr, indptr, indices = self.structure
        nodes = RowRanges.between(node_ptr[numbers], node_ptr[numbers + 1])
        entries = RowRanges.between(indptr[nodes.low], indptr[nodes.high])
        new_indptr = np.empty(nodes.ptr[-1] + 1, np.int64)
        new_indices = np.empty(entries.ptr[-1], indices.dtype)
        cut_csr(nodes, entries, indptr, indices, False, new_indptr, new_indices)
        structure = Structure(nodes.ptr, new_indptr, new_indices)
        return LabelledGraphs(
            structure, _cut(self.node_labels, nodes), _cut(self.edge_labels, entries)
        )

    def ordered(self, order: Order, seed: int) -> Ordered:
        """Draw an order of the nodes of each graph, and renumber them by it."""
        node_ptr, indptr, indices = self._absolute()
        absolute = Structure(node_ptr, indptr, indices)
        nodes = np.empty(len(self.node_labels), np.int64)
        log_q = np.empty(len(self))
        kernels.draw_orders(ORDERS[order], np.uint64(seed), absolute, nodes, log_q)
        new = Structure(node_ptr, np.empty_like(indptr), np.empty_like(indices))
        edge_labels = np.empty_like(self.edge_labels)
        kernels.reorder(
            absolute,
            self.edge_labels,
            nodes,
            np.empty_like(nodes),
            new.indptr,
            new.indices,
            edge_labels,
        )
        ordered = LabelledGraphs(new, self.node_labels[nodes], edge_labels)
        sizes = np.diff(node_ptr)
        return Ordered(ordered, nodes - np.repeat(node_ptr[:-1], sizes), log_q)

    def _absolute(self) -> Structure:
        """Return the structure with neighbours numbered in the union of all graphs."""
        node_ptr, indptr, indices = self.structure
        shift = np.repeat(node_ptr[:-1], np.diff(indptr[node_ptr]))
        return Structure(node_ptr, indptr, (indices + shift).astype(np.int32))

    def with_nodes(
        self,
        labels: NDArray[np.int64],
        row_ptr: NDArray[np.int64],
        candidates: NDArray[np.int64],
        edges: NDArray[np.int64],
    ) -> LabelledGraphs:
        """Add one node to each graph, as its last.

        Parameters
        ----------
        labels : ndarray of shape (n_graphs,)
            Labels of the new nodes.
        row_ptr : ndarray of shape (n_graphs + 1,)
            Candidates of each graph.
        candidates : ndarray of shape (n_candidates,)
            Positions within their graph, increasing.
        edges : ndarray of shape (n_candidates,)
            Label of the edge to each candidate, 0 for none.
        """
        node_ptr, indptr, indices = self.structure
        n_graphs, n_edges = len(self), len(indices) + 2 * int((edges > 0).sum())
        new = Structure(
            node_ptr + np.arange(n_graphs + 1),
            np.empty(len(indptr) + n_graphs, np.int64),
            np.empty(n_edges, np.int32),
        )
        edge_labels = np.empty(n_edges, np.int64)
        rows = row_ptr, candidates
        kernels.append_nodes(
            self.structure,
            self.edge_labels,
            rows,
            edges,
            new.indptr,
            new.indices,
            edge_labels,
        )
        node_labels = np.insert(self.node_labels, node_ptr[1:], labels)
        return LabelledGraphs(new, node_labels, edge_labels)


def _joined(pointers: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the pointers of concatenated ranges."""
    lengths = [np.diff(ptr) for ptr in pointers]
    return np.concatenate([[0], np.cumsum(np.concatenate(lengths))])


def _cut(values: NDArray[np.int64], ranges: RowRanges) -> NDArray[np.int64]:
    out = np.empty(ranges.ptr[-1], values.dtype)
    copy_rows(ranges, 1, values, out)
    return out
