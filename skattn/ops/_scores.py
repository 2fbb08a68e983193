"""Attention scores: logits of edges from tensors of receivers and senders.

A score has its tensors, their validation, and its formula; projections of node features
belong to layers (``skattn.nn._scores``). The reference backend computes any score from
its method ``logits``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import leaky_relu

from skattn.ops._edges import Edges

__all__ = [
    "Dot",
    "Gat",
    "GatV2",
    "Pooling",
    "QueryKeyScore",
    "Score",
    "check_shape",
    "kernel_score",
]


class Score(ABC):
    """Base class of attention scores: a formula for logits, and its tensors.

    Subclasses define ``tensors``, ``n_heads``, ``check`` and ``logits``.
    :func:`~skattn.ops.edge_attention` computes scores without a compiled kernel by the
    reference backend.
    """

    @property
    @abstractmethod
    def tensors(self) -> tuple[Tensor, ...]:
        """Tuple of all differentiable tensors of the score."""

    @property
    @abstractmethod
    def n_heads(self) -> int:
        """Number of heads."""

    @abstractmethod
    def check(self, edges: Edges) -> None:
        """Raise ValueError unless the shapes of the tensors match the edges.

        Parameters
        ----------
        edges : Edges
            Senders of every receiver.
        """

    @abstractmethod
    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Compute the logit of every edge.

        Parameters
        ----------
        receivers, senders : Tensor of shape (n_edges,)
            Receiver and sender of each edge; integers.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            Logits: the scores before the softmax.
        """


@dataclass(frozen=True, eq=False)
class QueryKeyScore(Score):
    """Score of a query per receiver and a key per sender."""

    query: Tensor
    """(n_receivers, n_heads, head_dim); (n_receivers, n_heads) for ``Gat``."""
    key: Tensor
    """(n_senders, n_heads, head_dim); (n_senders, n_heads) for ``Gat``."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Tuple of all differentiable tensors of the score."""
        return self.query, self.key

    @property
    def n_heads(self) -> int:
        """Number of heads."""
        return self.key.shape[1]

    def check(self, edges: Edges) -> None:
        """Raise ValueError unless each receiver has a query and each sender a key."""
        tail = self.key.shape[1:]
        check_shape("score.query", self.query, (edges.n_receivers, *tail))
        check_shape("score.key", self.key, (edges.n_senders, *tail))

    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Compute the logit of every edge."""
        return self._logits(self.query[receivers], self.key[senders])

    @abstractmethod
    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        """Compute the logits from the query and the key of every edge."""


@dataclass(frozen=True, eq=False)
class Gat(QueryKeyScore):
    """GAT score ``LeakyReLU(query_i + key_j)``, with one number per node and head.

    Equation 3 of Veličković et al. 2018, where ``query_i`` and ``key_j`` are the dot
    products of the projected features with both halves of the attention vector.
    """

    negative_slope: float = 0.2
    """Slope of the LeakyReLU below zero."""

    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        return leaky_relu(query + key, self.negative_slope)


@dataclass(frozen=True, eq=False)
class GatV2(QueryKeyScore):
    """GATv2 score ``attention · LeakyReLU(query_i + key_j)``.

    Equation 7 of Brody et al. 2022.
    """

    attention: Tensor
    """(n_heads, head_dim): attention vector of each head."""
    negative_slope: float = 0.2
    """Slope of the LeakyReLU below zero."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Tuple of all differentiable tensors of the score."""
        return self.query, self.key, self.attention

    def check(self, edges: Edges) -> None:
        """Raise ValueError unless the shapes of the tensors match."""
        super().check(edges)
        check_shape("score.attention", self.attention, self.key.shape[1:])

    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        hidden = leaky_relu(query + key, self.negative_slope)
        return (self.attention * hidden).sum(-1)


@dataclass(frozen=True, eq=False)
class Dot(QueryKeyScore):
    """Scaled dot-product score ``query_i · key_j / sqrt(head_dim)``.

    Equation 1 of Vaswani et al. 2017.
    """

    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        return (query * key).sum(-1) / math.sqrt(query.shape[-1])


@dataclass(frozen=True, eq=False)
class Pooling(Score):
    """Score ``key_j``, equal for all receivers, for attention pooling."""

    key: Tensor
    """(n_senders, n_heads): the score of each sender."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Tuple of the key, the score's only tensor."""
        return (self.key,)

    @property
    def n_heads(self) -> int:
        """Number of heads."""
        return self.key.shape[1]

    def check(self, edges: Edges) -> None:
        """Raise ValueError unless the key has a row per sender."""
        check_shape("score.key", self.key, (edges.n_senders, *self.key.shape[1:]))

    def logits(self, _receivers: Tensor, senders: Tensor) -> Tensor:
        """Compute the logit of every edge."""
        return self.key[senders]


def check_shape(name: str, tensor: Tensor, shape: Sequence[int]) -> None:
    """Raise ValueError unless a tensor has a shape; kernels do not check."""
    if tensor.shape != tuple(shape):
        raise ValueError(
            f"{name} must have shape {tuple(shape)} to match the edges and the other "
            f"tensors, got {tuple(tensor.shape)}."
        )


def kernel_score(score: Score, n_receivers: int) -> Score:
    """Return an equivalent score that has kernels."""
    if isinstance(score, Pooling):
        return Gat(score.key.new_zeros(n_receivers, score.n_heads), score.key, 1.0)
    return score
