"""Known labels of nodes, and the edges along which they are used."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from skattn.ops._edges import Edges

__all__ = ["NodeLabels"]


@dataclass(frozen=True, eq=False)
class NodeLabels:
    """Known labels of senders, and the edges to them from other nodes.

    Examples
    --------
    Nodes 0 and 1 attend to both; the label of node 1 alone is known. It is used by
    node 0, not by node 1 itself.

    >>> import torch
    >>> from skattn.ops import Edges, NodeLabels
    >>> edges = Edges.from_csr([0, 2, 4], [0, 1, 0, 1], n_senders=2)
    >>> labels = NodeLabels.of(
    ...     edges,
    ...     values=torch.tensor([[0.0], [5.0]]),
    ...     known=torch.tensor([False, True]),
    ...     identity=torch.arange(2),
    ... )
    >>> labels.edges.senders.tolist(), labels.edges.receivers.tolist()
    ([1], [0])
    """

    values: Tensor
    """(n_nodes, n_columns): labels as numbers, 0 where unknown."""
    known: Tensor
    """(n_nodes,) bool: whether a label of the node is known."""
    identity: Tensor
    """(n_nodes,) int64: nodes with the same number never use each other's labels."""
    edges: Edges
    """Senders of every receiver with a known label and another identity."""
    entries: Tensor
    """(n_labelled_edges,) int64: their positions among all edges."""

    @classmethod
    def of(
        cls,
        edges: Edges,
        *,
        values: Tensor,
        known: Tensor,
        identity: Tensor,
        n_receivers: int | None = None,
    ) -> NodeLabels:
        """Select the edges to labelled senders.

        Parameters
        ----------
        edges : Edges
            Edges of a graph.
        values, known, identity : Tensor
            As the attributes.
        n_receivers : int, optional
            Number of receivers that use labels, the first ones; all if not given.

        Returns
        -------
        NodeLabels
            The labels with their edges, in the order of the graph's.
        """
        using = edges if n_receivers is None else edges.part(0, n_receivers)
        receivers, senders = using.receivers, using.senders
        used = known[senders] & (identity[senders] != identity[receivers])
        entries = used.nonzero().squeeze(1)
        counts = torch.bincount(receivers[entries], minlength=edges.n_receivers)
        indptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        labelled = Edges(indptr, senders[entries], edges.n_senders)
        return cls(values, known, identity, labelled, entries)

    def at(self, nodes: Tensor, edges: Edges) -> NodeLabels:
        """Return the labels of some nodes with other edges between them.

        Parameters
        ----------
        nodes : Tensor of shape (n,)
            Positions of the nodes.
        edges : Edges
            Edges between them, senders by position in ``nodes``.

        Returns
        -------
        NodeLabels
            The selection.
        """
        return NodeLabels.of(
            edges,
            values=self.values[nodes],
            known=self.known[nodes],
            identity=self.identity[nodes],
        )

    def part(
        self, low: int, high: int, first: int, n_senders: int | None
    ) -> NodeLabels:
        """Select a range of receivers.

        Parameters
        ----------
        low, high : int
            Receivers ``low`` to ``high - 1``.
        first : int
            Position of their first edge among all edges.
        n_senders : int or None
            Number of possible senders; unchanged if None.

        Returns
        -------
        NodeLabels
            The selection, as views.
        """
        start, stop = self.edges.indptr[[low, high]].tolist()
        return replace(
            self,
            values=self.values[:n_senders],
            known=self.known[:n_senders],
            identity=self.identity[:n_senders],
            edges=self.edges.part(low, high, n_senders),
            entries=self.entries[start:stop] - first,
        )

    @property
    def tensors(self) -> list[Tensor]:
        """List of all tensors."""
        edges = self.edges
        mine = [self.values, self.known, self.identity, self.entries]
        return [*mine, edges.indptr, edges.senders]

    def to(self, device: torch.device | str) -> NodeLabels:
        """Copy to a device.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        NodeLabels
            The copy.
        """
        return NodeLabels(
            self.values.to(device),
            self.known.to(device),
            self.identity.to(device),
            self.edges.to(device),
            self.entries.to(device),
        )
