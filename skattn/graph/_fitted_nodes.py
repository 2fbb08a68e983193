"""Nodes of a fit, found again in a later graph."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._graph import Graph
from skattn.graph._ragged_range import ragged_range
from skattn.graph._storage import labels_from_plain, plain_labels

N_COMPARED = 1000
"""Number of nodes whose senders identify a graph without node labels, about."""

Nodes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FittedNodes:
    """Distinct nodes of a fit, at least one, found in a later graph."""

    positions: Nodes
    """(n,) positions in the graph of the fit, ascending."""
    names: Any
    """pandas Index (n,): labels of the nodes; None if the graph had none."""
    fingerprint: str | None
    """Digest of the graph of the fit; None for rows of a table, which come first in
    every later graph."""

    @classmethod
    def of_graph(cls, graph: Graph, positions: Nodes) -> "FittedNodes":
        """Return nodes of a graph, from ascending positions."""
        names = None if graph.nodes is None else graph.nodes[positions]
        return cls(positions, names, fingerprint(graph.adjacency, positions))

    @classmethod
    def of_table(cls, positions: Nodes) -> "FittedNodes":
        """Return rows of a table, from ascending positions."""
        return cls(positions, None, None)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def are_rows(self) -> bool:
        """Whether the nodes are rows of a table."""
        return self.fingerprint is None

    def index_in(self, graph: Graph | None, nodes: Nodes) -> Nodes | None:
        """Return the index among these nodes of each node of a later graph.

        Parameters
        ----------
        graph : Graph or None
            The graph, not read for rows of a table. Graphs with labels are compared by
            them. A graph without labels must be that of the fit: with as many nodes
            and edges, and the same senders of these nodes, of which about `N_COMPARED`
            are compared.
        nodes : ndarray of shape (n_nodes,), int64
            Positions in the graph.

        Returns
        -------
        ndarray of shape (n_nodes,), int64, or None
            -1 for nodes that are not among these; None if the graph has none of them.
        """
        if self.are_rows:
            return self._index_of(nodes)
        assert graph is not None
        if self.names is not None and graph.nodes is not None:
            names = graph.nodes[nodes]
            found: Nodes = self.names.get_indexer(names).astype(np.int64)
            is_whole = len(nodes) == graph.n_nodes
            return None if is_whole and (found < 0).all() else found
        both_unnamed = self.names is None and graph.nodes is None
        return self._index_of(nodes) if both_unnamed and self._are_in(graph) else None

    def _index_of(self, positions: Nodes) -> Nodes:
        at = np.searchsorted(self.positions, positions)
        at[at == len(self)] = 0
        return np.where(self.positions[at] == positions, at, -1)

    def _are_in(self, graph: Graph) -> bool:
        if int(self.positions[-1]) >= graph.n_nodes:
            return False
        return fingerprint(graph.adjacency, self.positions) == self.fingerprint

    def parts(self) -> tuple[Any, ...]:
        """Return plain values for a file, the arguments of :meth:`of_parts`."""
        names = plain_labels(self.names, "nodes", objects=True)
        return self.positions, names, self.fingerprint

    @classmethod
    def of_parts(cls, positions: Any, names: Any, fingerprint: Any) -> "FittedNodes":
        """Return nodes of plain values; raise ValueError if they are invalid."""
        if (
            not isinstance(positions, np.ndarray)
            or (positions.dtype, positions.ndim) != (np.int64, 1)
            or not len(positions)
            or positions[0] < 0
            or (positions[1:] <= positions[:-1]).any()
        ):
            raise ValueError("it has labelled nodes that are not ascending positions")
        if not isinstance(fingerprint, str | None):
            raise ValueError("it has a fingerprint that is no text")
        return cls(positions, labels_from_plain(names, len(positions)), fingerprint)


def fingerprint(adjacency: sparse.csr_array, nodes: Nodes) -> str:
    """Return a digest of the size of a graph and of the senders of some nodes."""
    some = nodes[:: max(len(nodes) // N_COMPARED, 1)]
    starts = adjacency.indptr[some].astype(np.int64)
    counts = adjacency.indptr[some + 1] - starts
    senders = adjacency.indices[ragged_range(starts, counts)]
    digest = hashlib.blake2b(digest_size=16)
    for part in ((adjacency.shape[0], adjacency.nnz), counts, senders):
        digest.update(np.asarray(part, np.int64).tobytes())
    return digest.hexdigest()


def row_identities(X: Any) -> Nodes:
    """Return a number per row of a matrix, the same for equal rows alone."""
    if sparse.issparse(X):
        X = X.tocsr().sorted_indices()
        X.eliminate_zeros()
        ends = zip(X.indptr[:-1], X.indptr[1:], strict=True)
        keys = [(X.indices[a:b].tobytes(), X.data[a:b].tobytes()) for a, b in ends]
        numbers: dict[Any, int] = {}
        return np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    rows = np.ascontiguousarray(X + np.zeros((), X.dtype))  # -0 becomes 0
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))
    found: Nodes = np.unique(whole.ravel(), return_inverse=True)[1]
    return found
