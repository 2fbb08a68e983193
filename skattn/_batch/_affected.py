"""Nodes that removals affect: copies of a graph share all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skattn._batch._affected_kernels import affected_nodes, reached_nodes
from skattn._batch._candidates import Candidates
from skattn._batch._lists import Lists, lists_of
from skattn.graph._adjacency import entry_rows


@dataclass(frozen=True, eq=False)
class Affected:
    """Nodes of an answer's graph with representations that depend on a candidate.

    If L layers attend, the output of layer l at a node d hops from the target matters
    only if d + l is at most L: affected nodes are on short paths from the target.
    """

    changed: Lists
    """(n_candidates,) lists of the nodes that lose an edge, or their features."""
    reached: Lists
    """(n_nodes,) lists of the nodes that a change of a node affects."""
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
        n_nodes, receivers = adjacency.shape[0], entry_rows(adjacency).astype(np.int64)
        losers = receivers if candidates.of == "edges" else np.arange(n_nodes)
        owned = owner >= 0
        changed = lists_of(owner[owned], losers[owned], len(candidates))
        first = n_hops - (candidates.of == "edges" and not changes_inputs)
        of_senders = lists_of(adjacency.indices, receivers, n_nodes)
        rings = candidates.answer.distance
        reached = Lists(*reached_nodes(of_senders, rings, first))
        sizes = 1 + np.diff(adjacency.indptr).astype(np.int64)
        return cls(changed, reached, sizes)

    def of_copies(self, removed: Lists) -> Lists:
        """Return the affected nodes of copies, (n_copies,) lists.

        `removed` (n_copies,) are lists of the candidates that copies lack.
        """
        return Lists(*affected_nodes(self.changed, self.reached, removed))

    def size_of_copies(self, removed: Lists) -> NDArray[np.int64]:
        """Return upper bounds of nodes and edges of the affected parts, (n_copies,)."""
        bounds = removed.sums(self.size_of_each)
        smaller: NDArray[np.int64] = np.minimum(bounds, self.sizes.sum())
        return smaller

    @cached_property
    def size_of_each(self) -> NDArray[np.int64]:
        """(n_candidates,) nodes and edges that a copy without the candidate adds."""
        return self.changed.sums(self.reached.sums(self.sizes))
