"""Unions of copies of one answer's graph, without some candidates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn._batch._affected import Affected
from skattn._batch._affected_kernels import shared_edges
from skattn._batch._candidates import Candidates
from skattn._batch._lists import Lists
from skattn.graph._adjacency import index_dtype
from skattn.graph._graph import Graph
from skattn.graph._named_rows import stack


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


def shared_copies(candidates: Candidates, removed: Lists, affected: Affected) -> Union:
    """Return the graph, then the affected nodes of each copy.

    An affected node attends to those of its copy, and to the graph's nodes where these
    are not affected. `removed` (n_copies,) are lists of candidates.
    """
    graph, own = candidates.answer.graph, affected.of_copies(removed)
    adjacency, n_nodes = graph.adjacency, graph.n_nodes
    of_edges = candidates.of == "edges"
    size = int(affected.sizes[own.numbers].sum())
    index = index_dtype(n_nodes + len(own.numbers), graph.n_edges + size)
    indptr, senders, entries, targets = shared_edges(
        adjacency.indptr.astype(index, copy=False),
        adjacency.indices.astype(index, copy=False),
        candidates.owner if of_edges else np.full(graph.n_edges, -1),
        own,
        removed,
        len(candidates),
        candidates.answer.target,
    )
    origin = np.concatenate([np.arange(n_nodes), own.numbers])
    X = graph.X[origin]
    if candidates.of == "nodes":
        rows = origin.copy()
        rows[n_nodes:][_are_removed(own, removed, n_nodes)] += n_nodes
        X = stack(graph.X, candidates.masked)[rows]
    features = graph.edge_features
    parts = adjacency.data[entries], senders, indptr
    copies = Graph._trusted(
        sp.csr_array(parts, shape=(len(origin),) * 2),
        X,
        None if features is None else features[entries],
        None,
        types=graph._types.take(entries, origin),
    )
    return Union(copies, origin, np.array([0, len(origin)]), targets)


def _are_removed(own: Lists, removed: Lists, n_nodes: int) -> NDArray[np.bool_]:
    """Return whether the features of each node of copies are removed, (n_own,)."""
    of_removed = removed.numbers + n_nodes * removed.owner
    return np.isin(own.numbers + n_nodes * own.owner, of_removed)


def whole_copies(candidates: Candidates, removed: Lists) -> Union:
    """Return the disjoint union of whole copies without lists of candidates."""
    graph, n_copies = candidates.answer.graph, removed.n_lists
    # self-loops and columns whose owner is -1 are kept
    stays = removed.others(len(candidates) + 1)[:, candidates.owner]
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
