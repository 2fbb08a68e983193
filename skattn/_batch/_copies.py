"""Copies of answers' graphs, each with other candidates removed.

Edges are removed from the graph, not from its tensors: degrees, k-hop neighbourhoods,
encodings and self-loops of a copy are those of a graph without them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._candidates import Candidates
from skattn._batch._reorder import in_order
from skattn.graph._adjacency import index_dtype
from skattn.graph._collection import GraphCollection
from skattn.graph._descriptors import Descriptors
from skattn.graph._features import degree_features
from skattn.graph._graph import Graph
from skattn.graph._named_rows import stack
from skattn.graph._union import side_by_side

COPY_SIZE = 1 << 16
"""Nodes and edges of the copies of a batch, if no single copy has more."""


@dataclass(frozen=True, eq=False)
class WithoutEach:
    """Copies without one candidate each, then one without any, made as they are used.

    As an array it would have the square of the number of candidates.
    """

    n_candidates: int
    """Number of candidates of the answer."""
    removed: NDArray[np.int64]
    """(n_removed,) candidate that each copy lacks."""

    def __len__(self) -> int:
        return len(self.removed) + 1

    def __getitem__(self, copies: slice) -> NDArray[np.bool_]:
        """Return the candidates that some copies keep, (n_chosen, n_candidates)."""
        chosen = np.arange(len(self))[copies]
        kept = np.ones((len(chosen), self.n_candidates), np.bool_)
        single = chosen < len(self.removed)
        kept[np.flatnonzero(single), self.removed[chosen[single]]] = False
        kept[~single] = False
        return kept


Kept = NDArray[np.bool_] | WithoutEach
"""(n_copies, n_candidates): which candidates of an answer each copy keeps."""


@dataclass(frozen=True, eq=False)
class Copies:
    """Disjoint union of copies of answers' graphs; each copy is a graph."""

    collection: GraphCollection
    """The copies, with features, not standardised."""
    targets: NDArray[np.int64]
    """(n_copies,) target node of each copy in the union, or the copy's number."""
    distance: NDArray[np.int64] | None
    """(n_nodes,) hops from the target of the copy; None if graphs are not cut."""
    origin: NDArray[np.int64]
    """(n_nodes,) positions of the nodes in the graph of the view, or in their own graph
    of a list."""


def copies_without(
    candidates: Sequence[Candidates],
    kept: Sequence[NDArray[np.bool_]],
    *,
    has_degree_features: bool,
) -> Copies:
    """Make copies of answers' graphs without the candidates that they do not keep.

    Parameters
    ----------
    candidates : sequence of Candidates
        The candidates of each answer, of one kind for all.
    kept : sequence of ndarray of shape (n_copies, n_candidates), bool
        For each answer, which candidates its copies keep.
    has_degree_features : bool
        Whether features are computed from degrees, and so anew if edges are removed.

    Returns
    -------
    Copies
        All copies of the first answer, then those of the second, and so on.
    """
    pairs = list(zip(candidates, kept, strict=True))
    counts = np.array([len(each) for each in kept])
    graphs = [_copied(*pair) for pair in pairs]
    adjacency, X, edge_features, _ = side_by_side(graphs)
    if has_degree_features and candidates[0].of == "edges":
        X = degree_features(adjacency)
    sizes = np.repeat([each.answer.graph.n_nodes for each in candidates], counts)
    node_ptr = np.concatenate([[0], np.cumsum(sizes)])
    numbers = np.arange(len(sizes))
    collection = GraphCollection(
        Graph._trusted(adjacency, X, edge_features, None),
        node_ptr,
        numbers,
        descriptors=_descriptors(candidates, counts),
    )
    origin = np.concatenate(
        [
            np.tile(each.answer.nodes, count)
            for each, count in zip(candidates, counts, strict=True)
        ]
    )
    if candidates[0].answer.target is None:
        return Copies(collection, numbers, None, origin)
    targets = node_ptr[:-1] + np.repeat(
        [each.answer.target for each in candidates], counts
    )
    return Copies(collection, targets, _distance(candidates, counts), origin)


def evaluate_copies(
    candidates: Sequence[Candidates],
    kept: Sequence[Kept],
    evaluate: Callable[[Copies], Tensor],
    *,
    has_degree_features: bool,
    max_size: int = COPY_SIZE,
) -> list[NDArray[Any]]:
    """Evaluate copies of answers' graphs in batches of bounded size.

    Parameters
    ----------
    candidates, kept, has_degree_features
        As for :func:`copies_without`; `kept` is indexed by slices of copies.
    evaluate : callable
        Function from copies to their outputs, (n_copies, n_outputs).
    max_size : int
        Maximum number of nodes and edges of a batch, if no single copy has more. The
        results do not depend on it.

    Returns
    -------
    list of ndarray of shape (n_copies, n_outputs)
        Outputs of the copies of each answer.
    """
    found: list[list[NDArray[Any]]] = [[] for _ in candidates]
    for shares in _batches(candidates, kept, max_size):
        copies = copies_without(
            [candidates[k] for k, _ in shares],
            [kept[k][part] for k, part in shares],
            has_degree_features=has_degree_features,
        )
        outputs = evaluate(copies).detach().cpu().numpy()
        cuts = np.cumsum([part.stop - part.start for _, part in shares])
        for (k, _), rows in zip(shares, np.split(outputs, cuts[:-1]), strict=True):
            found[k].append(rows)
    width = next((rows.shape[1] for parts in found for rows in parts), 0)
    nothing = np.empty((0, width), np.float32)
    return [np.concatenate([nothing, *parts]) for parts in found]


def _batches(
    candidates: Sequence[Candidates], kept: Sequence[Kept], max_size: int
) -> Iterator[list[tuple[int, slice]]]:
    """Yield batches: numbers of answers, and which of their copies."""
    batch: list[tuple[int, slice]] = []
    room = max_size
    for k, (each, rows) in enumerate(zip(candidates, kept, strict=True)):
        graph, low, n_copies = each.answer.graph, 0, len(rows)
        size = graph.n_nodes + graph.n_edges
        while low < n_copies:
            fitting = max(room // size, 0 if batch else 1)
            high = min(low + fitting, n_copies)
            if high > low:
                batch.append((k, slice(low, high)))
                room -= (high - low) * size
            if high < n_copies:
                yield batch
                batch, room = [], max_size
            low = high
    if batch:
        yield batch


def by_distance(
    batch: GraphBatch, distance: NDArray[np.int64], layers: NDArray[np.int64]
) -> GraphBatch:
    """Sort the nodes of a batch of cut graphs by their distance from the targets.

    Each layer then computes the receivers that later ones need.

    Parameters
    ----------
    batch : GraphBatch
        On the CPU; its targets are nodes.
    distance : ndarray of shape (n_nodes,)
        Distance of each node from the target of its graph.
    layers : ndarray of shape (n_layers + 1,)
        Hops that the last 0, 1, 2, ... layers reach.

    Returns
    -------
    GraphBatch
        With ``structure.reach``, ``position_of`` and without ``structure.node_ptr``.
        It has the features of farther nodes too, which have a part in degrees.
    """
    counts = np.cumsum(np.bincount(distance, minlength=int(layers[-1]) + 1))
    moved = in_order(batch, np.argsort(distance, kind="stable"))
    reach = tuple(counts[layers].tolist())
    structure = replace(moved.structure, node_ptr=None, reach=reach)
    return replace(moved, structure=structure)


def _distance(
    candidates: Sequence[Candidates], counts: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Return the distances of the nodes of all copies, None if graphs are whole."""
    parts = []
    for each, n_copies in zip(candidates, counts.tolist(), strict=True):
        within = each.answer.within
        if within is None:
            return None
        rings = np.diff(within, prepend=0)
        parts.append(np.tile(np.repeat(np.arange(len(rings)), rings), n_copies))
    return np.concatenate(parts)


def _copied(candidates: Candidates, kept: NDArray[np.bool_]) -> Graph:
    """Return the disjoint union of the copies of one answer's graph."""
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
    return Graph._trusted(adjacency, X, features, None)


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


def _descriptors(
    candidates: Sequence[Candidates], counts: NDArray[np.int64]
) -> Descriptors | None:
    """Return the descriptors of all copies, those of their graphs."""
    of_graphs = [each.answer.graph._descriptors for each in candidates]
    known = [each for each in of_graphs if each is not None]
    if not known:
        return None
    values = np.stack([each.values for each in known])
    return Descriptors(np.repeat(values, counts, axis=0), known[0].names)
