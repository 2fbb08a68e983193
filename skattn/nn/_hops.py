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
    """Groups of attention heads, each over its own k-hop neighbourhood.

    Group ``k`` attends to all senders within ``k`` hops. Group 1 attends along the
    edges and uses their weights and features; wider neighbourhoods have neither.

    Parameters
    ----------
    groups : mapping of int to GraphAttention
        Attention over each neighbourhood, by the number of hops; in the order of the
        outputs. Only that of 1 may take edge features.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_receivers, sum of the groups' out_features)``
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
        """Compute the receivers' new features, group by group.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data, with the neighbourhoods of all ``hops``.
        generator : torch.Generator, optional
            Source of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            The groups' outputs side by side.

        Raises
        ------
        ValueError
            If a neighbourhood is missing or shapes do not fit.
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
        """Compute new features and the weights of the group along the edges, if any."""
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
        """Project the rows for every group."""
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
        """Compute the receivers' new features with every group."""
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
            f"structure.hops must hold the neighbourhood of {k} hops, which the module "
            f"was made for, got {sorted(structure.hops)}. Make batches with the "
            "module's hops."
        )
    return GraphStructure(structure.hops[k])


def as_hops(hops: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return the hops of all groups of heads; an int is a single group."""
    return hops if isinstance(hops, tuple) else (hops,)


def check_hops(hops: tuple[Any, ...], n_heads: int) -> None:
    """Check that ``hops`` are distinct and divide the heads into equal groups.

    Parameters
    ----------
    hops : tuple of int
        Hops of the neighbourhood of each group.
    n_heads : int
        Number of heads.

    Raises
    ------
    ValueError
        If they are not distinct, or ``n_heads`` is not divisible by their number.
    """
    whole = all(isinstance(k, Integral) and not isinstance(k, bool) for k in hops)
    if not hops or not whole or min(hops) < 1 or len(set(hops)) < len(hops):
        raise ValueError(
            "hops must be different whole numbers of at least 1, such as (1, 2), got "
            f"{hops}."
        )
    if n_heads % len(hops):
        raise ValueError(
            f"n_heads must be divisible by the number of hops, {len(hops)} of them in "
            f"{hops}, got {n_heads}."
        )
