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
    degree: Tensor | None = None
    """Sum of the weights of every node's senders, (n_nodes,) float32, where `edges`
    does not hold all of them; None where it does."""
    reach: tuple[int, ...] = ()
    """How many nodes lie within 0, 1, 2, ... steps of those that are asked about, the
    nearer before the further: ``reach[-1]`` is n_nodes. A layer whose output is needed
    within ``r`` steps has the first ``reach[r]`` nodes as its receivers; the last need
    no edges. Empty where all nodes are receivers of every layer."""

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
            degree=move(self.degree),
            reach=self.reach,
        )

    def layer(self, number: int) -> GraphStructure:
        """Return what one layer of a network looks at.

        Parameters
        ----------
        number : int
            Number of the layer, from 0.

        Returns
        -------
        GraphStructure
            Itself if it has no `reach`. Else the receivers are the first of the nodes,
            as many as the layers behind need.

        Raises
        ------
        ValueError
            If `reach` goes less far than that.

        Examples
        --------
        Node 0 is asked about; it attends to node 1, which attends to node 2.

        >>> edges = Edges.from_csr([0, 2, 4], [0, 1, 1, 2], n_senders=3)
        >>> structure = GraphStructure(edges, reach=(1, 2, 3))
        >>> structure.layer(0).edges
        Edges(n_receivers=2, n_senders=3, n_edges=4)
        >>> structure.layer(1).edges
        Edges(n_receivers=1, n_senders=2, n_edges=2)
        """
        if not self.reach:
            return self
        steps = len(self.reach) - 1 - number  # of this layer's senders
        if steps < 1:
            raise ValueError(
                "a sampled graph must reach as many steps as the network has layers, "
                f"got {len(self.reach) - 1} steps for more layers. Give fanout one "
                "number per layer."
            )
        return self.part(0, self.reach[steps - 1], self.reach[steps])

    def part(self, low: int, high: int, n_senders: int | None = None) -> GraphStructure:
        """Keep some receivers and the edges to all their senders.

        Parameters
        ----------
        low, high : int
            The receivers are the nodes from `low` up to, without, `high`.
        n_senders : int, optional
            Keep only the first nodes, beyond which the receivers have no senders.

        Returns
        -------
        GraphStructure
            Of the same nodes; memory is shared, but for the positions of the edges.
        """
        first, last = self.edges.indptr[[low, high]].tolist()

        def cut(part: Tensor | None) -> Tensor | None:
            return None if part is None else part[first:last]

        return GraphStructure(
            edges=self.edges.part(low, high, n_senders),
            log_weight=cut(self.log_weight),
            edge_features=cut(self.edge_features),
            hops={k: far.part(low, high, n_senders) for k, far in self.hops.items()},
            degree=None if self.degree is None else self.degree[:n_senders],
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
