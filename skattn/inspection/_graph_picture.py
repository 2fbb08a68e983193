"""Record of a graph that is to be drawn: places, edges, names and colours."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._adjacency import entry_rows
from skattn.inspection._node_colors import NodeColors


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges that are drawn, sorted by receivers."""

    receivers: NDArray[np.integer]
    """(n_edges,)"""
    senders: NDArray[np.integer]
    """(n_edges,)"""
    scores: NDArray[np.float64] | None
    """(n_edges,) weight or signed score, None if all are equal."""
    one_way: NDArray[np.bool_]
    """(n_edges,) whether an arrow is drawn; other edges stand for both directions."""
    n_left_out: int = 0
    """Number of weaker edges that are not among these."""

    def __len__(self) -> int:
        return len(self.receivers)


@dataclass(frozen=True, eq=False)
class GraphPicture:
    """Graph to be drawn, as a static picture or as an interactive page."""

    places: NDArray[np.float64]
    """(n_nodes, 2) in [0, 1]; the second coordinate points upwards."""
    edges: Edges
    """Edges, the strongest ones of many."""
    names: list[str] | None
    """(n_nodes,) names, None for numbers from 0."""
    colors: NodeColors
    """Colours of the nodes."""
    notes: list[str] | None = None
    """(n_nodes,) text of each node beside its name, or None."""
    title: str = "Graph"
    """Title of the picture."""
    target: int | None = None
    """Node that is marked, or None."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.places)

    @property
    def is_signed(self) -> bool:
        """Whether a score is negative: colours then show signs."""
        scores = self.edges.scores
        return scores is not None and bool(np.any(scores < 0))

    def name(self, node: int) -> str:
        """Return the name of a node."""
        return str(node) if self.names is None else self.names[node]

    def left_out(self) -> str:
        """Return a sentence on edges that are not drawn, "" if all are."""
        n_left_out = self.edges.n_left_out
        if not n_left_out:
            return ""
        n_edges = len(self.edges)
        strongest = "" if self.edges.scores is None else "strongest "
        return f"{strongest}{n_edges} of {n_edges + n_left_out} edges"


def drawn_edges(matrix: sp.csr_array, max_edges: int) -> Edges:
    """Return the edges of a matrix, the largest by absolute value of many.

    Parallel edges are summed; two opposite edges of equal value are drawn as one. Of
    equal values a fixed random choice is taken.
    """
    matrix = sp.csr_array(matrix, copy=True)
    matrix.sum_duplicates()
    receivers, senders = entry_rows(matrix).astype(np.int64), matrix.indices
    scores = matrix.data.astype(np.float64)
    two_way = _has_equal_opposite(receivers, senders, scores)
    kept = np.flatnonzero(~two_way | (receivers <= senders))
    order = np.random.default_rng(0).permutation(len(kept))
    order = order[np.argsort(-np.abs(scores[kept[order]]), kind="stable")]
    chosen = np.sort(kept[order[:max_edges]])
    varied = len(scores) > 0 and np.ptp(scores) > 0
    return Edges(
        receivers[chosen],
        senders[chosen],
        scores[chosen] if varied else None,
        ~two_way[chosen],
        len(kept) - len(chosen),
    )


def _has_equal_opposite(
    receivers: NDArray[np.int64],
    senders: NDArray[np.integer],
    scores: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return whether an edge, sorted, has an opposite one with the same score."""
    n_nodes = 1 + max(receivers.max(initial=0), senders.max(initial=0))
    keys, opposite = receivers * n_nodes + senders, senders * n_nodes + receivers
    at = np.minimum(np.searchsorted(keys, opposite), len(keys) - 1)
    found: NDArray[np.bool_] = (keys[at] == opposite) & (scores[at] == scores)
    return found
