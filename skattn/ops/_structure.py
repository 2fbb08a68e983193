"""Everything that is known of a graph but the features of its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skattn.ops._edges import Edges

__all__ = ["GraphStructure", "as_structure"]


@dataclass(frozen=True, eq=False)
class GraphStructure:
    """How the nodes of one graph, or of several side by side, hang together."""

    edges: Edges
    """Who attends to whom: n_edges edges, grouped by receiver."""
    log_weight: Tensor | None = None
    """Logarithm of the edge weights, (n_edges,); None where all weights are 1."""
    edge_features: Tensor | None = None
    """Edge features, (n_edges, n_edge_features)."""
    node_ptr: Tensor | None = None
    """(n_graphs + 1,) int64: graph g holds the nodes node_ptr[g] to node_ptr[g + 1];
    None for a single graph."""
    hops: Mapping[int, Edges] = field(default_factory=dict)
    """Who is within k hops of whom, oneself included, for every k > 1 in use."""

    @property
    def n_graphs(self) -> int:
        """Number of graphs side by side."""
        return 1 if self.node_ptr is None else len(self.node_ptr) - 1

    def to(self, device: torch.device | str) -> GraphStructure:
        """Copy to a device; parts that are there already are shared.

        Parameters
        ----------
        device : torch.device or str
            Where the tensors shall be.

        Returns
        -------
        GraphStructure
            The same structure.
        """

        def move(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.to(device)

        return GraphStructure(
            edges=self.edges.to(device),
            log_weight=move(self.log_weight),
            edge_features=move(self.edge_features),
            node_ptr=move(self.node_ptr),
            hops={k: edges.to(device) for k, edges in self.hops.items()},
        )


def as_structure(edges: Edges | GraphStructure) -> GraphStructure:
    """Take bare edges for a structure of which nothing else is known.

    Parameters
    ----------
    edges : Edges or GraphStructure
        Who attends to whom.

    Returns
    -------
    GraphStructure
        Itself if it is one.
    """
    return edges if isinstance(edges, GraphStructure) else GraphStructure(edges)
