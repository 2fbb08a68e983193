"""Attention whose heads look near and far."""

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._attention import EdgeInputs, GraphAttention, Sent, edge_inputs
from skattn.nn._reset import Composite
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure


class HopAttention(Composite):
    """Groups of heads side by side, each over another neighbourhood.

    Group ``k`` attends to everybody within ``k`` hops. Group 1 attends along the edges
    and sees their weights and features; a walk of several edges has neither.

    Parameters
    ----------
    groups : mapping of int to GraphAttention
        The attention over each neighbourhood, by the number of hops; in the order in
        which the outputs lie side by side. None but that of 1 takes edge features.

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
        """Let every receiver attend to its neighbourhoods.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Who attends to whom, with every neighbourhood in ``hops``.
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
                attention(x, **given, generator=generator)
                for _, attention, given in self._each(as_structure(structure))
            ]
        )

    def send(self, x: Tensor | SparseMatrix) -> list[Sent]:
        """Prepare what all receivers of these nodes need of them.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.

        Returns
        -------
        list of Sent
            One entry per group of heads.
        """
        return [cast("GraphAttention", group).send(x, None) for group in self.groups]

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: list[Sent],
        structure: GraphStructure,
    ) -> Tensor:
        """Let some of the nodes attend to what was sent.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        receivers : slice
            Which of the nodes receive.
        sent : list of Sent
            What :meth:`send` returned.
        structure : GraphStructure
            The edges of these receivers.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Their new features, all groups side by side.
        """
        return _side_by_side(
            [
                attention.receive(x, receivers, each, given, None)
                for each, (_, attention, given) in zip(
                    sent, self._each(structure), strict=True
                )
            ]
        )

    def attention_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> Tensor:
        """Compute what every receiver looks at along the edges.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            Weights of the heads that attend along the edges; those that look further
            are left out, and there are no columns if all do.
        """
        structure = as_structure(structure)
        for k, attention, given in self._each(structure):
            if k == 1:
                return attention.attention_weights(x, **given)
        return torch.empty(
            structure.edges.n_edges, 0, device=structure.edges.indptr.device
        )

    def _each(
        self, structure: GraphStructure
    ) -> Iterator[tuple[int, GraphAttention, EdgeInputs]]:
        for k, attention in zip(self.hops, self.groups, strict=True):
            yield k, cast("GraphAttention", attention), _within(k, structure)


def _side_by_side(outs: list[Tensor]) -> Tensor:
    return outs[0] if len(outs) == 1 else torch.cat(outs, 1)


def _within(k: int, structure: GraphStructure) -> EdgeInputs:
    if k == 1:
        return edge_inputs(structure)
    if k not in structure.hops:
        raise ValueError(
            f"structure.hops must hold who is within {k} hops, which the module was "
            f"made for, got {sorted(structure.hops)}. Make batches with the module's "
            "hops."
        )
    return edge_inputs(GraphStructure(structure.hops[k]))


def check_hops(hops: tuple[int, ...], n_heads: int) -> None:
    """Check that the heads can be divided into a group for each neighbourhood.

    Parameters
    ----------
    hops : tuple of int
        How far each group looks.
    n_heads : int
        Number of heads.

    Raises
    ------
    ValueError
        If they cannot.
    """
    if not hops or min(hops) < 1 or len(set(hops)) < len(hops):
        raise ValueError(
            f"hops must be different numbers of at least 1, such as (1, 2), got {hops}."
        )
    if n_heads % len(hops):
        raise ValueError(
            f"n_heads must be divisible by the number of hops, {len(hops)} of them in "
            f"{hops}, got {n_heads}."
        )
