"""Unions of copies of one answer's graph, without some candidates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn._batch._affected import Affected
from skattn._batch._candidates import Candidates
from skattn.graph._adjacency import entry_rows, index_dtype
from skattn.graph._graph import Graph
from skattn.graph._named_rows import stack
from skattn.graph._ragged_range import ragged_range


@dataclass(frozen=True, eq=False)
class Union:
    """Copies of an answer's graph as one graph."""

    graph: Graph
    """Nodes and edges of all copies."""
    origin: NDArray[np.int64]
    """(n_nodes,) positions of the nodes in the answer's graph."""
    node_ptr: NDArray[np.int64]
    """(n_parts + 1,) first node of each part without edges to others."""
    targets: NDArray[np.int64]
    """(n_copies,) target node of each copy; not of graphs that are answers."""


def shared_copies(
    candidates: Candidates, kept: NDArray[np.bool_], affected: Affected
) -> Union:
    """Return the graph, then the affected nodes of each copy.

    An affected node attends to those of its copy, and to the graph's nodes where these
    are not affected.
    """
    graph, adjacency = candidates.answer.graph, candidates.answer.graph.adjacency
    n_nodes, own = graph.n_nodes, affected.of_copies(kept)
    copy, nodes = entry_rows(own).astype(np.int64), own.indices.astype(np.int64)
    place = _Places(copy * n_nodes + nodes, n_nodes)
    counts = np.diff(adjacency.indptr)[nodes].astype(np.int64)
    entries = ragged_range(adjacency.indptr[nodes].astype(np.int64), counts)
    row = np.repeat(np.arange(len(nodes)), counts)
    if candidates.of == "edges":
        owner = candidates.owner[entries]
        stays = (owner < 0) | kept[copy[row], owner]
        entries, row = entries[stays], row[stays]
    senders = place.of(copy[row], adjacency.indices[entries])
    ends = np.cumsum(np.bincount(row, minlength=len(nodes)))
    origin = np.concatenate([np.arange(n_nodes), nodes])
    X = graph.X[origin]
    if candidates.of == "nodes":
        removed = ~kept[copy, candidates.owner[nodes]]
        rows = np.concatenate([np.arange(n_nodes), nodes + n_nodes * removed])
        X = stack(graph.X, candidates.masked)[rows]
    index = index_dtype(n_nodes + len(nodes), graph.n_edges + len(entries))
    parts = (
        np.concatenate([adjacency.data, adjacency.data[entries]]),
        np.concatenate([adjacency.indices, senders]).astype(index),
        np.concatenate([adjacency.indptr, graph.n_edges + ends]).astype(index),
    )
    features = graph.edge_features
    if features is not None:
        features = np.concatenate([features, features[entries]])
    union = sp.csr_array(parts, shape=(n_nodes + len(nodes),) * 2)
    targets = place.of(np.arange(len(kept)), candidates.answer.target)
    node_ptr = np.array([0, len(origin)])
    types = graph._types.take(
        np.concatenate([np.arange(graph.n_edges), entries]), origin
    )
    copies = Graph._trusted(union, X, features, None, types=types)
    return Union(copies, origin, node_ptr, targets)


@dataclass(frozen=True, eq=False)
class _Places:
    """Places of the nodes of copies in a union."""

    keys: NDArray[np.int64]
    """(n_own,) ascending: copy times n_nodes, plus node, of those that copies have."""
    n_nodes: int
    """Number of nodes of the graph, which come first."""

    def of(self, copies: NDArray[np.int64], nodes: Any) -> NDArray[np.int64]:
        """Return the places of nodes of copies: their own, or those of the graph."""
        wanted = copies * self.n_nodes + nodes
        at = np.searchsorted(self.keys, wanted)
        is_own = np.append(self.keys, -1)[at] == wanted
        places: NDArray[np.int64] = np.where(is_own, self.n_nodes + at, nodes)
        return places


def whole_copies(candidates: Candidates, kept: NDArray[np.bool_]) -> Union:
    """Return the disjoint union of whole copies."""
    graph, n_copies = candidates.answer.graph, len(kept)
    # self-loops and columns whose owner is -1 are kept
    stays = np.concatenate([kept, np.ones((n_copies, 1), bool)], 1)[:, candidates.owner]
    if candidates.of == "edges":
        adjacency, entries = _copied_edges(graph.adjacency, stays)
        X = graph.X[np.tile(np.arange(graph.n_nodes), n_copies)]
    else:
        everything = np.ones((n_copies, graph.n_edges), bool)
        adjacency, entries = _copied_edges(graph.adjacency, everything)
        mask = _masked_rows if candidates.of == "nodes" else _masked_columns
        X = mask(graph.X, candidates.masked, stays)
    features = graph.edge_features
    features = None if features is None else features[entries]
    origin = np.tile(np.arange(graph.n_nodes), n_copies)
    node_ptr = graph.n_nodes * np.arange(n_copies + 1)
    targets = node_ptr[:-1] + (candidates.answer.target or 0)
    types = graph._types.take(entries, origin)
    union = Graph._trusted(adjacency, X, features, None, types=types)
    return Union(union, origin, node_ptr, targets)


def _masked_rows(X: Any, masked: Any, stays: NDArray[np.bool_]) -> Any:
    """Return copies of features with other rows masked; stays (n_copies, n_nodes)."""
    rows = np.arange(X.shape[0]) + X.shape[0] * ~stays
    return stack(X, masked)[rows.ravel()]


def _masked_columns(X: Any, masked: Any, stays: NDArray[np.bool_]) -> Any:
    """Return copies of features with other columns masked."""
    if sp.issparse(X):  # masked features are zeros
        parts = [
            sp.csr_array(X @ sp.diags_array(each.astype(X.dtype))) for each in stays
        ]
        return sp.csr_array(sp.vstack(parts))
    copies = np.where(stays[:, None, :], X, masked)
    return copies.reshape(-1, X.shape[1])


def _copied_edges(
    adjacency: sp.csr_array, stays: NDArray[np.bool_]
) -> tuple[sp.csr_array, NDArray[np.int64]]:
    """Return the union of copies with the edges that stay, and their old positions.

    `stays` has shape (n_copies, n_edges).
    """
    (n_copies, n_edges), n_nodes = stays.shape, adjacency.shape[0]
    index = index_dtype(n_copies * n_nodes, n_copies * n_edges)
    copy, entries = np.nonzero(stays)
    before = np.concatenate([[0], np.cumsum(stays, dtype=np.int64)])
    starts = adjacency.indptr[:-1] + n_edges * np.arange(n_copies)[:, None]
    parts = (
        adjacency.data[entries],
        (adjacency.indices[entries] + n_nodes * copy).astype(index),
        before[np.append(starts, n_copies * n_edges)].astype(index),
    )
    return sp.csr_array(parts, shape=(n_copies * n_nodes,) * 2), entries
