"""The three scores of attention: an edge's logit from its receiver and its sender.

Each is a record of tensors with one method, the formula of its paper; scaling and
projection of node features are the caller's, so that a score sees one row per node.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import leaky_relu

__all__ = ["FEW_EDGES", "Dot", "Gat", "GatV2", "Score", "sums_twice", "walks_once"]

FEW_EDGES = 1 << 14
"""Edges below which the CPU kernels leave a graph to one thread."""


class Gat(NamedTuple):
    """``LeakyReLU(query_i + key_j)``, equation 3 of Veličković et al. 2018.

    The layer folds the attention vector into its weight (``x @ (W · a)``), so that only
    one number per node and head arrives here: 0.010 s against 0.104 s for 169 k nodes.
    """

    query: Tensor
    """(n_receivers, n_heads): the receiver's half of the score."""
    key: Tensor
    """(n_senders, n_heads): the sender's half."""
    negative_slope: float = 0.2
    """Slope of the LeakyReLU below zero."""

    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Score every edge.

        Parameters
        ----------
        receivers, senders : Tensor of shape (n_edges,)
            The two ends of each edge; integers.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            The scores, before the softmax over a receiver's senders.
        """
        return leaky_relu(
            self.query[receivers] + self.key[senders], self.negative_slope
        )


class GatV2(NamedTuple):
    """``attention · LeakyReLU(query_i + key_j)``, equation 7 of Brody et al. 2022."""

    query: Tensor
    """(n_receivers, n_heads, head_dim)."""
    key: Tensor
    """(n_senders, n_heads, head_dim)."""
    attention: Tensor
    """(n_heads, head_dim): the vector each head reads its score with."""
    negative_slope: float = 0.2
    """Slope of the LeakyReLU below zero."""

    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Score every edge.

        Parameters
        ----------
        receivers, senders : Tensor of shape (n_edges,)
            The two ends of each edge; integers.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            The scores, before the softmax over a receiver's senders.
        """
        hidden = leaky_relu(
            self.query[receivers] + self.key[senders], self.negative_slope
        )  # (n_edges, n_heads, head_dim)
        return (self.attention * hidden).sum(-1)


class Dot(NamedTuple):
    """``query_i · key_j / sqrt(head_dim)``, equation 1 of Vaswani et al. 2017."""

    query: Tensor
    """(n_receivers, n_heads, head_dim)."""
    key: Tensor
    """(n_senders, n_heads, head_dim)."""

    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Score every edge.

        Parameters
        ----------
        receivers, senders : Tensor of shape (n_edges,)
            The two ends of each edge; integers.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            The scores, before the softmax over a receiver's senders.
        """
        products = self.query[receivers] * self.key[senders]
        return products.sum(-1) / math.sqrt(self.query.shape[-1])


Score = Gat | GatV2 | Dot


def walks_once(n_edges: int) -> bool:
    """Say whether the CPU kernels pull all gradients in one walk over the edges.

    It adds to the rows of senders in any order, which one thread may. It takes the
    scores, one number per edge and head, from the forward pass.

    Parameters
    ----------
    n_edges : int
        Number of edges.

    Returns
    -------
    bool
        Whether.
    """
    return n_edges < FEW_EDGES


def sums_twice(
    score: type[Score], n_edges: int, n_sums: int, needs: tuple[bool, bool]
) -> bool:
    """Say whether the CPU kernels sum ``"gat"``'s values a second way.

    The gradient of a query then needs no walk over the edges. It takes ``n_sums`` more
    numbers per head, as many as the output has; without them it takes one per edge,
    which a walk by sender scatters over all receivers, and one more walk.

    Parameters
    ----------
    score : type
        Gat, GatV2 or Dot.
    n_edges : int
        Number of edges.
    n_sums : int
        Numbers per head in the output.
    needs : tuple of bool
        Which gradients are asked for: that of the query, and that of the bias, which
        has one number per edge in any case.

    Returns
    -------
    bool
        Whether.
    """
    query, bias = needs
    return score is Gat and query and not bias and n_edges >= n_sums
