"""Graph structure: edges, edge data and node ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skattn.ops._edge_data import EdgeData
from skattn.ops._edges import Edges

__all__ = ["GraphStructure", "as_structure"]


@dataclass(frozen=True, eq=False)
class GraphStructure:
    """Edges and edge data of one graph or of a disjoint union of graphs."""

    edges: Edges
    """Receivers and senders: n_edges edges, grouped by receiver."""
    edge_data: EdgeData = field(default_factory=EdgeData)
    """Weights and features of the edges, in their order."""
    node_ptr: Tensor | None = None
    """(n_graphs + 1,) int64: graph g holds the nodes node_ptr[g] to node_ptr[g + 1];
    None for a single graph."""
    hops: Mapping[int, Edges] = field(default_factory=dict)
    """Edges to all senders within k hops, self-loops included, for every k > 1."""
    degree: Tensor | None = None
    """Sum of the weights of every node's edges, (n_nodes,) float32, where `edges`
    holds a sample of them; None where it holds all."""
    reach: tuple[int, ...] = ()
    """Number of nodes within 0, 1, 2, ... steps of the target nodes, which are sorted
    by this distance: ``reach[-1]`` is n_nodes. A layer whose output is needed within
    ``r`` steps has the first ``reach[r]`` nodes as its receivers; the last need no
    edges. Empty where all nodes are receivers of every layer."""

    @property
    def n_graphs(self) -> int:
        """Number of graphs side by side."""
        return 1 if self.node_ptr is None else len(self.node_ptr) - 1

    def to(self, device: torch.device | str) -> GraphStructure:
        """Copy to a device; tensors already there are shared.

        Parameters
        ----------
        device : torch.device or str
            Device of the tensors.

        Returns
        -------
        GraphStructure
            The same structure.
        """

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device)

        return GraphStructure(
            edges=self.edges.to(device),
            edge_data=self.edge_data.map(move),
            node_ptr=None if self.node_ptr is None else move(self.node_ptr),
            hops={k: edges.to(device) for k, edges in self.hops.items()},
            degree=None if self.degree is None else move(self.degree),
            reach=self.reach,
        )

    def layer(self, number: int) -> GraphStructure:
        """Return the receivers and edges that one layer of a network needs.

        Parameters
        ----------
        number : int
            Number of the layer, from 0.

        Returns
        -------
        GraphStructure
            Itself if it has no `reach`. Else the receivers are the first nodes, as
            many as the following layers need.

        Raises
        ------
        ValueError
            If `reach` has fewer steps than that.

        Examples
        --------
        The target is node 0; it attends to node 1, which attends to node 2.

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
            The structure over the same nodes; all but the offsets shares memory.
        """
        first, last = self.edges.indptr[[low, high]].tolist()
        return GraphStructure(
            edges=self.edges.part(low, high, n_senders),
            edge_data=self.edge_data.map(lambda rows: rows[first:last]),
            hops={k: far.part(low, high, n_senders) for k, far in self.hops.items()},
            degree=None if self.degree is None else self.degree[:n_senders],
        )


def as_structure(edges: Edges | GraphStructure) -> GraphStructure:
    """Wrap edges in a structure without any other fields.

    Parameters
    ----------
    edges : Edges or GraphStructure
        Receivers and senders.

    Returns
    -------
    GraphStructure
        Itself if it is one.
    """
    return edges if isinstance(edges, GraphStructure) else GraphStructure(edges)
