"""Graph structure: edges, edge data and node ranges of graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skattn.ops._edge_data import EdgeData
from skattn.ops._edges import Edges
from skattn.ops._node_labels import NodeLabels

__all__ = ["GraphStructure", "as_structure"]


@dataclass(frozen=True, eq=False)
class GraphStructure:
    """Edges and edge data of one graph or of a disjoint union of graphs.

    Examples
    --------
    Two graphs: nodes 0 and 1, connected in both directions, and node 2 alone.

    >>> import torch
    >>> from skattn.ops import Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 1, 2, 2], [1, 0], n_senders=3)
    >>> GraphStructure(edges, node_ptr=torch.tensor([0, 2, 3])).n_graphs
    2
    """

    edges: Edges
    """Senders of every receiver."""
    edge_data: EdgeData = field(default_factory=EdgeData)
    """Edge weights, edge features and edge types."""
    node_ptr: Tensor | None = None
    """(n_graphs + 1,) int64: graph ``g`` has the nodes ``node_ptr[g]`` to
    ``node_ptr[g + 1] - 1``; None for a single graph."""
    hops: Mapping[int, Edges] = field(default_factory=dict)
    """Edges to all senders within k hops, with self-loops, for each k > 1 in use."""
    degree: Tensor | None = None
    """(n_nodes,): sum of the edge weights of every node in the full graph, float32, or
    float64 where the sum could overflow; None if ``edges`` has all edges."""
    sender_counts: Tensor | None = None
    """(n_nodes,): number of senders of every node in the full graph; None if ``edges``
    has all edges."""
    reach: tuple[int, ...] = ()
    """For sampled graphs, the number of nodes within 0, 1, 2, ... hops of the target
    nodes. Nodes are sorted by this distance, so that each layer computes only the first
    nodes. Empty if every layer computes all nodes."""
    reach_edges: tuple[int, ...] = ()
    """Number of edges whose receivers are within 0, 1, 2, ... hops, if it is known
    without reading the device; set by :meth:`to`."""
    descriptors: Tensor | None = None
    """(n_graphs, n_descriptors): numbers that describe every graph, or None."""
    labels: NodeLabels | None = None
    """Known labels of the nodes as inputs of a network, or None."""

    @property
    def n_graphs(self) -> int:
        """Number of graphs."""
        return 1 if self.node_ptr is None else len(self.node_ptr) - 1

    def to(self, device: torch.device | str) -> GraphStructure:
        """Copy to a device; tensors already on it are shared.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        GraphStructure
            The copy.
        """

        def move(tensor: Tensor) -> Tensor:
            if torch.device(device).type == "mps" and tensor.dtype == torch.float64:
                tensor = tensor.float()  # which lacks float64
            return tensor.to(device)

        return GraphStructure(
            edges=self.edges.to(device),
            edge_data=self.edge_data.map(move),
            node_ptr=None if self.node_ptr is None else move(self.node_ptr),
            hops={k: edges.to(device) for k, edges in self.hops.items()},
            degree=None if self.degree is None else move(self.degree),
            sender_counts=(
                None if self.sender_counts is None else move(self.sender_counts)
            ),
            reach=self.reach,
            reach_edges=self._reach_edges(),
            descriptors=None if self.descriptors is None else move(self.descriptors),
            labels=None if self.labels is None else self.labels.to(device),
        )

    def _reach_edges(self) -> tuple[int, ...]:
        """Return `reach_edges`, read from tensors on the CPU."""
        indptr = self.edges.indptr
        if self.reach_edges or not self.reach or indptr.device.type != "cpu":
            return self.reach_edges
        receivers = torch.tensor(self.reach).clamp(max=len(indptr) - 1)
        return tuple(indptr[receivers].tolist())

    def layer(self, number: int) -> GraphStructure:
        """Select the receivers and edges that one layer of a network needs.

        Parameters
        ----------
        number : int
            Index of the layer, from 0.

        Returns
        -------
        GraphStructure
            Structure with only these receivers; ``self`` if ``reach`` is empty.

        Raises
        ------
        ValueError
            If ``reach`` has fewer hops than there are layers.

        Examples
        --------
        Target node 0 attends to itself and node 1, node 1 to itself and node 2.

        >>> from skattn.ops import Edges, GraphStructure
        >>> edges = Edges.from_csr([0, 2, 4], [0, 1, 1, 2], n_senders=3)
        >>> structure = GraphStructure(edges, reach=(1, 2, 3))
        >>> structure.layer(0).edges
        Edges(n_receivers=2, n_senders=3, n_edges=4)
        >>> structure.layer(1).edges
        Edges(n_receivers=1, n_senders=2, n_edges=2)
        """
        if not self.reach:
            return self
        hops = len(self.reach) - 1 - number  # of this layer's senders
        if hops < 1:
            raise ValueError(
                "a sampled graph must have as many hops as the network has layers, "
                f"got {len(self.reach) - 1} hops for more layers. Give fanout one "
                "number per layer."
            )
        layers = vars(self).setdefault("_layers", {})  # kernels keep plans of edges
        if hops not in layers:
            last = self.reach_edges[hops - 1] if self.reach_edges else None
            layers[hops] = self._part(0, self.reach[hops - 1], self.reach[hops], last)
        layer: GraphStructure = layers[hops]
        return layer

    def part(self, low: int, high: int, n_senders: int | None = None) -> GraphStructure:
        """Select a range of receivers and all their edges.

        Parameters
        ----------
        low, high : int
            Receivers ``low`` to ``high - 1``.
        n_senders : int, optional
            Number of possible senders; unchanged if not given.

        Returns
        -------
        GraphStructure
            The selected edges and their data, mostly as views.
        """
        return self._part(low, high, n_senders)

    def _part(
        self, low: int, high: int, n_senders: int | None, last: int | None = None
    ) -> GraphStructure:
        """Select receivers; `last` is the number of edges of those before `high`."""
        span = self.edges.span(low, high) if last is None else (0, last)
        first, last = span
        labels = self.labels
        return GraphStructure(
            edges=self.edges.part(low, high, n_senders, span=span),
            edge_data=self.edge_data.map(lambda rows: rows[first:last]),
            hops={k: far.part(low, high, n_senders) for k, far in self.hops.items()},
            degree=None if self.degree is None else self.degree[:n_senders],
            sender_counts=(
                None if self.sender_counts is None else self.sender_counts[:n_senders]
            ),
            labels=labels and labels.part(low, high, first, n_senders),
        )


def as_structure(edges: Edges | GraphStructure) -> GraphStructure:
    """Wrap edges in a structure without edge data; return a structure unchanged."""
    return edges if isinstance(edges, GraphStructure) else GraphStructure(edges)
