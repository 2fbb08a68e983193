"""Copies of answers' graphs, each with other candidates removed.

Edges are removed from the graph, not from its tensors: degrees, k-hop neighbourhoods,
encodings and self-loops of a copy are those of a graph without them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._affected import Affected
from skattn._batch._batch import GraphBatch
from skattn._batch._candidates import Candidates
from skattn._batch._lists import Lists, lists_of
from skattn._batch._reorder import in_order
from skattn._batch._unions import Union, shared_copies, whole_copies
from skattn.graph._collection import GraphCollection
from skattn.graph._descriptors import Descriptors
from skattn.graph._features import degree_features
from skattn.graph._graph import Graph
from skattn.graph._types import GraphTypes
from skattn.graph._union import side_by_side

COPY_SIZE = 1 << 18
"""Nodes and edges of the copies of a batch, if no single copy has more."""
BLOCK_SIZE = 1 << 22
"""Number of candidates of all copies whose sizes are computed at once."""


@dataclass(frozen=True, eq=False)
class WithoutEach:
    """Copies: the whole graph, one without each candidate, and one without any.

    They are made as they are used; an array would have the square of the number of
    candidates.
    """

    n_candidates: int
    """Number of candidates of the answer."""
    removed: NDArray[np.int64]
    """(n_removed,) the candidates that are removed alone."""

    def __len__(self) -> int:
        return len(self.removed) + 2

    def removed_by(self, copies: slice) -> Lists:
        """Return the candidates that some copies lack, (n_chosen,) lists."""
        chosen = np.arange(len(self))[copies]
        lengths = np.ones(len(self), np.int64)
        lengths[[0, -1]] = 0, self.n_candidates
        numbers = self.removed[chosen[(chosen > 0) & (chosen < len(self) - 1)] - 1]
        if len(self) - 1 in chosen:
            numbers = np.concatenate([numbers, np.arange(self.n_candidates)])
        return Lists(np.concatenate([[0], np.cumsum(lengths[chosen])]), numbers)


Kept = NDArray[np.bool_] | WithoutEach
"""(n_copies, n_candidates): which candidates of an answer each copy keeps."""


def removed_by(kept: Kept, copies: slice = slice(None)) -> Lists:
    """Return the candidates that some copies do not keep, (n_chosen,) lists."""
    if isinstance(kept, WithoutEach):
        return kept.removed_by(copies)
    chosen = kept[copies]
    copy, numbers = np.nonzero(~chosen)
    return lists_of(copy, numbers, len(chosen))


@dataclass(frozen=True, eq=False)
class Copies:
    """Copies of answers' graphs, which may share the nodes that no removal affects."""

    collection: GraphCollection
    """The copies, with features, not standardised; a whole copy is a graph of the
    collection, and those of an answer that share nodes are one."""
    targets: NDArray[np.int64]
    """(n_copies,) target node of each copy in the union, or the copy's number."""
    distance: NDArray[np.int64] | None
    """(n_nodes,) hops from the target of the copy; None if graphs are not cut."""
    origin: NDArray[np.int64]
    """(n_nodes,) positions of the nodes in the graph of the view, or in their own graph
    of a list."""


AffectedBy = Callable[[Candidates], Affected | None]
"""Function from the candidates of an answer to the nodes that they affect."""


def copies_without(
    candidates: Sequence[Candidates],
    removed: Sequence[Lists],
    *,
    has_degree_features: bool,
    affected: Sequence[Affected | None] | None = None,
) -> Copies:
    """Make copies of answers' graphs without some candidates.

    Parameters
    ----------
    candidates : sequence of Candidates
        The candidates of each answer, of one kind for all.
    removed : sequence of Lists
        For each answer the candidates that each of its copies lacks.
    has_degree_features : bool
        Whether features are computed from degrees, and so anew if edges are removed.
    affected : sequence of Affected or None, default=None
        For each answer the nodes that a copy has for itself; it shares all others. None
        for whole copies.

    Returns
    -------
    Copies
        All copies of the first answer, then those of the second, and so on.
    """
    affected = [None] * len(candidates) if affected is None else affected
    parts = [
        whole_copies(each, lists)
        if shared is None
        else shared_copies(each, lists, shared)
        for each, lists, shared in zip(candidates, removed, affected, strict=True)
    ]
    adjacency, X, edge_features, ptr = side_by_side([each.graph for each in parts])
    if has_degree_features and candidates[0].of == "edges":
        X = degree_features(adjacency)
    types = GraphTypes.side_by_side([each.graph._types for each in parts])
    whole = Graph._trusted(adjacency, X, edge_features, None, types=types)
    node_ptr = [each.node_ptr + low for each, low in zip(parts, ptr[:-1], strict=True)]
    starts = np.concatenate([each[:-1] for each in node_ptr])
    collection = GraphCollection(
        whole,
        np.append(starts, ptr[-1]),
        np.arange(len(starts)),
        descriptors=_descriptors(candidates, [each.n_lists for each in removed]),
    )
    origin = _at_origins([each.answer.nodes for each in candidates], parts)
    if candidates[0].answer.target is None:
        return Copies(collection, collection.targets, None, origin)
    targets = [each.targets + low for each, low in zip(parts, ptr[:-1], strict=True)]
    distance = None
    if candidates[0].answer.within is not None:
        distance = _at_origins([each.answer.distance for each in candidates], parts)
    return Copies(collection, np.concatenate(targets), distance, origin)


def _at_origins(
    values: Sequence[NDArray[np.int64]], parts: Sequence[Union]
) -> NDArray[np.int64]:
    """Return the values of the nodes of unions, from those of the answers' graphs."""
    return np.concatenate(
        [of[each.origin] for of, each in zip(values, parts, strict=True)]
    )


def evaluate_copies(
    candidates: Sequence[Candidates],
    kept: Sequence[Kept],
    evaluate: Callable[[Copies], Tensor],
    *,
    has_degree_features: bool,
    affected_by: AffectedBy = lambda _candidates: None,
    max_size: int = COPY_SIZE,
) -> list[NDArray[Any]]:
    """Evaluate copies of answers' graphs in batches of bounded size.

    Parameters
    ----------
    candidates, has_degree_features
        As for :func:`copies_without`.
    kept : sequence of ndarray of shape (n_copies, n_candidates), or `WithoutEach`
        For each answer, which candidates its copies keep.
    evaluate : callable
        Function from copies to their outputs, (n_copies, n_outputs).
    affected_by : callable
        Function from the candidates of an answer to the nodes that a copy has for
        itself, or to None for whole copies.
    max_size : int
        Maximum number of nodes and edges of a batch, if no single copy has more; twice
        those of a larger graph that copies share. The results do not depend on it.

    Returns
    -------
    list of ndarray of shape (n_copies, n_outputs)
        Outputs of the copies of each answer.
    """
    found: list[list[NDArray[Any]]] = [[] for _ in candidates]
    for shares in _batches(candidates, kept, affected_by, max_size):
        copies = copies_without(
            [candidates[each.number] for each in shares],
            [removed_by(kept[each.number], each.copies) for each in shares],
            has_degree_features=has_degree_features,
            affected=[each.affected for each in shares],
        )
        outputs = evaluate(copies).detach().cpu().numpy()
        cuts = np.cumsum([each.copies.stop - each.copies.start for each in shares])
        for each, rows in zip(shares, np.split(outputs, cuts[:-1]), strict=True):
            found[each.number].append(rows)
    width = next((rows.shape[1] for parts in found for rows in parts), 0)
    nothing = np.empty((0, width), np.float32)
    return [np.concatenate([nothing, *parts]) for parts in found]


class _Share(NamedTuple):
    """Copies of one answer's graph in a batch."""

    number: int
    """Number of the answer."""
    copies: slice
    """Which of its copies."""
    affected: Affected | None
    """Nodes that a copy has for itself; None for whole copies."""


def _batches(
    candidates: Sequence[Candidates],
    kept: Sequence[Kept],
    affected_by: AffectedBy,
    max_size: int,
) -> Iterator[list[_Share]]:
    """Yield batches of copies."""
    batch: list[_Share] = []
    room = max_size
    for number, (each, rows) in enumerate(zip(candidates, kept, strict=True)):
        affected = affected_by(each)
        shared_size = 0 if affected is None else each.size
        for low, sizes in _sizes(each, rows, affected):
            first, totals = 0, np.cumsum(sizes)
            while first < len(sizes):
                if not batch:  # a large shared graph is worth as many copies
                    room = max(max_size, 2 * shared_size)
                before = totals[first - 1] if first else 0
                most = before + room - shared_size
                stop = int(np.searchsorted(totals, most, side="right"))
                stop = max(stop, first if batch else first + 1)
                if stop > first:
                    copies = slice(low + first, low + stop)
                    batch.append(_Share(number, copies, affected))
                    room -= int(totals[stop - 1] - before) + shared_size
                if stop < len(sizes):
                    yield batch
                    batch = []
                first = stop
    if batch:
        yield batch


def _sizes(
    candidates: Candidates, kept: Kept, affected: Affected | None
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield nodes and edges of copies, in blocks, and the first copy of a block."""
    step = max(BLOCK_SIZE // max(len(candidates), 1), 1)
    for low in range(0, len(kept), step):
        n_copies = min(step, len(kept) - low)
        block = slice(low, low + n_copies)
        if affected is None:
            yield low, np.full(n_copies, candidates.size)
        else:
            yield low, affected.size_of_copies(removed_by(kept, block))


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


def _descriptors(
    candidates: Sequence[Candidates], counts: Sequence[int]
) -> Descriptors | None:
    """Return the descriptors of all copies, those of their graphs."""
    of_graphs = [each.answer.graph._descriptors for each in candidates]
    known = [each for each in of_graphs if each is not None]
    if not known:
        return None
    values = np.stack([each.values for each in known])
    return Descriptors(np.repeat(values, counts, axis=0), known[0].names)
