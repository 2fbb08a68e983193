"""Attention scores: the logit of an edge from tensors of its receiver and its sender.

A score owns its tensors, their check, and its formula. Projections of node features
belong to layers (`skattn.nn._scores`), so that a score sees one row per node. A backend
without kernels for a score leaves it to the reference, which needs `logits` alone.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import leaky_relu

from skattn.ops._edges import Edges

__all__ = ["Dot", "Gat", "GatV2", "Pooling", "Score", "check_shape"]


class Score(ABC):
    """Formula of attention logits, with the tensors that it reads.

    `edge_attention` takes any score; those without kernels go to the reference backend.
    """

    @property
    @abstractmethod
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors of the formula; gradients flow into each."""

    @property
    @abstractmethod
    def n_heads(self) -> int:
        """Number of heads."""

    @abstractmethod
    def check(self, edges: Edges) -> None:
        """Raise ValueError unless the tensors fit the receivers and senders of edges.

        Parameters
        ----------
        edges : Edges
            Edges of the score.
        """

    @abstractmethod
    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Compute the logit of every edge.

        Parameters
        ----------
        receivers, senders : Tensor of shape (n_edges,)
            The two ends of each edge; integers.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            Logits, before the softmax over the senders of each receiver.
        """


@dataclass(frozen=True, eq=False)
class _QueryKeyScore(Score):
    """Scores of a query per receiver and a key per sender, of the same width."""

    query: Tensor
    """(n_receivers, n_heads, head_dim); (n_receivers, n_heads) for `Gat`."""
    key: Tensor
    """(n_senders, n_heads, head_dim); (n_senders, n_heads) for `Gat`."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors of the formula; gradients flow into each."""
        return self.query, self.key

    @property
    def n_heads(self) -> int:
        """Number of heads."""
        return self.key.shape[1]

    def check(self, edges: Edges) -> None:
        """Raise ValueError unless there is a row per receiver and per sender."""
        tail = self.key.shape[1:]
        check_shape("score.query", self.query, (edges.n_receivers, *tail))
        check_shape("score.key", self.key, (edges.n_senders, *tail))

    def logits(self, receivers: Tensor, senders: Tensor) -> Tensor:
        """Compute the logit of every edge."""
        return self._logits(self.query[receivers], self.key[senders])

    @abstractmethod
    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        """Compute logits from the query and the key of every edge."""


@dataclass(frozen=True, eq=False)
class Gat(_QueryKeyScore):
    """``LeakyReLU(query_i + key_j)``, equation 3 of Veličković et al. 2018.

    Query and key are the halves of the score, one number per node and head: layers fold
    the attention vector into their weight (``x @ (W · a)``).
    """

    negative_slope: float = 0.2
    """Slope of the LeakyReLU below zero."""

    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        return leaky_relu(query + key, self.negative_slope)


@dataclass(frozen=True, eq=False)
class GatV2(_QueryKeyScore):
    """``attention · LeakyReLU(query_i + key_j)``, equation 7 of Brody et al. 2022."""

    attention: Tensor
    """(n_heads, head_dim): attention vector of each head."""
    negative_slope: float = 0.2
    """Slope of the LeakyReLU below zero."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors of the formula; gradients flow into each."""
        return self.query, self.key, self.attention

    def check(self, edges: Edges) -> None:
        """Raise ValueError unless the tensors fit the edges and each other."""
        super().check(edges)
        check_shape("score.attention", self.attention, self.key.shape[1:])

    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        hidden = leaky_relu(query + key, self.negative_slope)
        return (self.attention * hidden).sum(-1)


@dataclass(frozen=True, eq=False)
class Dot(_QueryKeyScore):
    """``query_i · key_j / sqrt(head_dim)``, equation 1 of Vaswani et al. 2017."""

    def _logits(self, query: Tensor, key: Tensor) -> Tensor:
        return (query * key).sum(-1) / math.sqrt(query.shape[-1])


@dataclass(frozen=True, eq=False)
class Pooling(Score):
    """``key_j``, the same for all receivers: attention pooling of nodes into graphs."""

    key: Tensor
    """(n_senders, n_heads): the score itself."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The key; there is no query."""
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
    """Raise ValueError unless a tensor has a shape, which kernels do not check."""
    if tensor.shape != tuple(shape):
        raise ValueError(
            f"{name} must have shape {tuple(shape)} to fit these edges and the other "
            f"tensors, got {tuple(tensor.shape)}."
        )
