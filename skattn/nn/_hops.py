"""Attention over k-hop neighbourhoods."""

from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._attention import GraphAttention
from skattn.nn._operator import NodeOperator
from skattn.nn._scores import Sent
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure


class HopAttention(NodeOperator[list[Sent]]):
    """Graph attention with groups of heads over different k-hop neighbourhoods.

    The heads of group ``k`` attend to all senders within ``k`` hops. Edge weights and
    edge features are used only by group 1, which attends along the edges. The outputs
    of the groups are concatenated.

    Parameters
    ----------
    groups : mapping of int to GraphAttention
        Attention of each group, by its number of hops. Only group 1 may have edge
        features.

    Examples
    --------
    Nodes 0 and 1 attend to each other, node 2 to node 1 and, within 2 hops, node 0.

    >>> import torch
    >>> from skattn.nn import GraphAttention, HopAttention
    >>> from skattn.ops import Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 1, 2, 3], [1, 0, 1], n_senders=3)
    >>> two_hops = Edges.from_csr([0, 2, 4, 7], [0, 1, 0, 1, 0, 1, 2], n_senders=3)
    >>> attention = HopAttention({1: GraphAttention(4, 8), 2: GraphAttention(4, 8)})
    >>> attention(torch.randn(3, 4), GraphStructure(edges, hops={2: two_hops})).shape
    torch.Size([3, 16])
    """

    def __init__(self, groups: Mapping[int, GraphAttention]) -> None:
        super().__init__()
        self.hops = tuple(groups)
        self.groups = nn.ModuleList(groups.values())

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute new features of the receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data; its ``hops`` have the neighbourhoods of all groups.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Concatenated outputs of the groups.

        Raises
        ------
        ValueError
            If a neighbourhood is missing or shapes do not match.
        """
        return _side_by_side(
            [
                attention(x, near, generator=generator)
                for _, attention, near in self._each(as_structure(structure))
            ]
        )

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor]:
        """Compute new features, and the attention weights of group 1, if any."""
        edges, outs = structure.edges, []
        weights = torch.empty(edges.n_edges, 0, device=edges.indptr.device)
        for k, attention, near in self._each(structure):
            if k == 1:
                out, weights = attention.forward_with_weights(x, near)
            else:
                out = attention(x, near)
            outs.append(out)
        return _side_by_side(outs), weights

    def send(
        self, x: Tensor | SparseMatrix, generator: Generator | None, /
    ) -> list[Sent]:
        """Compute the projections of every group."""
        return [group.send(x, generator) for _, group in self._groups()]

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: list[Sent],
        structure: GraphStructure,
        generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute new features of a range of receivers."""
        return _side_by_side(
            [
                attention.receive(x, receivers, each, near, generator)
                for each, (_, attention, near) in zip(
                    sent, self._each(structure), strict=True
                )
            ]
        )

    def _groups(self) -> Iterator[tuple[int, GraphAttention]]:
        for k, attention in zip(self.hops, self.groups, strict=True):
            yield k, cast("GraphAttention", attention)

    def _each(
        self, structure: GraphStructure
    ) -> Iterator[tuple[int, GraphAttention, GraphStructure]]:
        for k, attention in self._groups():
            yield k, attention, _within(k, structure)


def _side_by_side(outs: list[Tensor]) -> Tensor:
    return outs[0] if len(outs) == 1 else torch.cat(outs, 1)


def _within(k: int, structure: GraphStructure) -> GraphStructure:
    if k == 1:
        return structure
    if k not in structure.hops:
        raise ValueError(
            f"structure.hops must contain {k}, the neighbourhood within {k} hops that "
            f"the module attends to, got {sorted(structure.hops)}. Make the structure "
            "with the hops of the module."
        )
    return GraphStructure(structure.hops[k])


def as_hops(hops: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return the hops of all groups as a tuple; an int is a single group."""
    return hops if isinstance(hops, tuple) else (hops,)


def check_hops(hops: tuple[Any, ...], n_heads: int) -> None:
    """Raise ValueError unless hops are distinct and divide the heads into groups."""
    whole = all(isinstance(k, Integral) and not isinstance(k, bool) for k in hops)
    if not hops or not whole or min(hops) < 1 or len(set(hops)) < len(hops):
        raise ValueError(
            f"hops must be distinct integers of at least 1, such as (1, 2), got {hops}."
        )
    if n_heads % len(hops):
        raise ValueError(
            f"n_heads must be divisible by the number of hops, {len(hops)} of them in "
            f"{hops}, got {n_heads}."
        )
