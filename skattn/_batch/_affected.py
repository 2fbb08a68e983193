"""Nodes that removals affect: copies of a graph share all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn._batch._candidates import Candidates
from skattn.graph._adjacency import entry_rows


@dataclass(frozen=True, eq=False)
class Affected:
    """Nodes of an answer's graph with representations that depend on a candidate.

    If L layers attend, the output of layer l at a node d hops from the target matters
    only if d + l is at most L: affected nodes are on short paths from the target.
    """

    changed: sp.csr_array
    """(n_candidates, n_nodes) bool: nodes that lose an edge, or their features."""
    reached: sp.csr_array
    """(n_nodes, n_nodes) bool: nodes (columns) that a change of a node affects."""
    sizes: NDArray[np.int64]
    """(n_nodes,) a node and its edges."""

    @classmethod
    def of(
        cls, candidates: Candidates, n_hops: int, *, changes_inputs: bool
    ) -> Affected:
        """Follow changes from senders to receivers, layer by layer.

        Parameters
        ----------
        candidates : Candidates
            Edges, or features of single nodes, of a graph around a target node.
        n_hops : int
            Number of layers that attend.
        changes_inputs : bool
            Whether the input of the first layer depends on the edges of a node.

        Returns
        -------
        Affected
            The affected nodes of each candidate.
        """
        adjacency, owner = candidates.answer.graph.adjacency, candidates.owner
        n_nodes = adjacency.shape[0]
        nodes, rings = np.arange(n_nodes), candidates.answer.distance
        ends = owner, nodes
        if candidates.of == "edges":
            ends = owner[owner >= 0], entry_rows(adjacency)[owner >= 0]
        changed = _pattern(*ends, (len(candidates), n_nodes))
        itself = _pattern(nodes, nodes, (n_nodes, n_nodes))
        ends = adjacency.indices, entry_rows(adjacency)
        receivers = itself + _pattern(*ends, (n_nodes, n_nodes))
        first = n_hops - (candidates.of == "edges" and not changes_inputs)
        level = reached = _within(itself, rings, first)
        for farthest in range(first - 1, -1, -1):
            level = _within(level @ receivers, rings, farthest)
            reached = reached + level
        sizes = 1 + np.diff(adjacency.indptr).astype(np.int64)
        return cls(changed, sp.csr_array(reached), sizes)

    def of_copies(self, kept: NDArray[np.bool_]) -> sp.csr_array:
        """Return the affected nodes of copies, (n_copies, n_nodes) bool.

        `kept` (n_copies, n_candidates) are the candidates that copies keep.
        """
        found = sp.csr_array(sp.csr_array(~kept) @ self.changed @ self.reached)
        found.eliminate_zeros()
        found.sort_indices()
        return found

    def size_of_copies(self, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return upper bounds of nodes and edges of the affected parts, (n_copies,)."""
        # a product of integers does not use BLAS
        bounds = (~kept).astype(np.float64) @ self.size_of_each.astype(np.float64)
        smaller: NDArray[np.int64] = np.minimum(bounds, self.sizes.sum())
        return smaller.astype(np.int64)

    @cached_property
    def size_of_each(self) -> NDArray[np.int64]:
        """(n_candidates,) nodes and edges that a copy without the candidate adds."""
        of_nodes = self.reached.astype(np.int64) @ self.sizes
        found: NDArray[np.int64] = self.changed.astype(np.int64) @ of_nodes
        return found


def _within(reached: Any, rings: NDArray[np.int64], farthest: int) -> sp.csr_array:
    """Return the columns of nodes within some hops of the target."""
    near = sp.diags_array(rings <= farthest, dtype=np.bool_)
    found = sp.csr_array(reached @ near)
    found.eliminate_zeros()
    return found


def _pattern(rows: Any, columns: Any, shape: tuple[int, int]) -> sp.csr_array:
    """Return a matrix of booleans."""
    entries = np.ones(len(rows), np.bool_)
    return sp.csr_array(sp.coo_array((entries, (rows, columns)), shape=shape))
