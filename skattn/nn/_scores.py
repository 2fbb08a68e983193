"""Projections of node features to the queries, keys and values of each score.

A score map owns the weights of a score and builds the score of :mod:`skattn.ops` from
node features. A new score is one formula (a `Score`) and one map, listed in `SCORES`.
"""

from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from skattn.nn._rows import matmul, take_rows
from skattn.ops import Dot, Gat, GatV2, Score, SparseMatrix

ScoreName = Literal["dot", "gat", "gatv2"]


class Sent(NamedTuple):
    """Projections of the senders: key, value and, where cheap, query."""

    key: Tensor
    """(n_nodes, n_heads, head_dim) or, for ``"gat"``, (n_nodes, n_heads)."""
    value: Tensor
    """(n_nodes, n_heads, head_dim)."""
    query: Tensor | None
    """Queries of all nodes, shaped as the key, where they come with it at no cost; None
    where they are projected per receiver."""


class Layer(Protocol):
    """Protocol: the attributes of `GraphAttention` that score maps read."""

    in_features: int
    head_dim: int
    n_heads: int
    share_weights: bool
    negative_slope: float

    def __getattr__(self, name: str) -> Any: ...  # weights


class ScoreMap(Protocol):
    """Weights and projections of one score."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights beside ``value``.

        Names that begin with "attention" hold one vector per head.
        """

    def send(self, layer: Layer, x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Project senders; ``value`` is (n_nodes, n_heads, head_dim)."""

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> Score:
        """Build the score of some receivers and all senders."""


class GatMap:
    """One projection for query, key and value, and two attention vectors per head."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the attention vectors."""
        shape = layer.n_heads, layer.head_dim
        return {"attention_query": shape, "attention_key": shape}

    def send(self, layer: Layer, x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Compute both halves of all scores beside the values."""
        query, key = _halves(layer, x, value).unflatten(1, (2, -1)).unbind(1)
        return Sent(key, value, query)

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> Gat:
        """Build the score of some receivers and all senders."""
        return Gat(_query(layer, x, receivers, sent), sent.key, layer.negative_slope)


class GatV2Map:
    """The value as key, and a separate projection for the query, unless shared."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the query's weight and the attention vectors."""
        query = {} if layer.share_weights else {"query": _square(layer)}
        return {**query, "attention": (layer.n_heads, layer.head_dim)}

    def send(self, layer: Layer, _x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Send the values as keys."""
        return Sent(value, value, value if layer.share_weights else None)

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> GatV2:
        """Build the score of some receivers and all senders."""
        query = _query(layer, x, receivers, sent)
        return GatV2(query, sent.key, layer.attention, layer.negative_slope)


class DotMap:
    """Three projections, for query, key and value, or one for them all."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights of query and key."""
        if layer.share_weights:
            return {}
        return {"query": _square(layer), "key": _square(layer)}

    def send(self, layer: Layer, x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Project the keys."""
        if layer.share_weights:
            return Sent(value, value, value)
        return Sent(_heads(layer, matmul(x, layer.key)), value, None)

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> Dot:
        """Build the score of some receivers and all senders."""
        return Dot(_query(layer, x, receivers, sent), sent.key)


SCORES: dict[str, ScoreMap] = {"dot": DotMap(), "gat": GatMap(), "gatv2": GatV2Map()}
"""Score maps by the names that users give."""


def _square(layer: Layer) -> tuple[int, int]:
    return layer.in_features, layer.n_heads * layer.head_dim


def _heads(layer: Layer, x: Tensor) -> Tensor:
    return x.view(*x.shape[:-1], layer.n_heads, layer.head_dim)


def _query(
    layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent
) -> Tensor:
    """Take the queries of some receivers, or project them."""
    if sent.query is not None:
        return take_rows(sent.query, receivers)
    return _heads(layer, matmul(take_rows(x, receivers), layer.query))


def _halves(layer: Layer, x: Tensor | SparseMatrix, value: Tensor) -> Tensor:
    """Compute ``"gat"``'s halves of all scores, (n, 2 * n_heads), by one product.

    Whichever is narrower goes in, values or features: no pass over (n, H, C), and none
    of a sparse matrix. The narrow factor lies by columns, where its gradient is fast.
    """
    attention = torch.stack([layer.attention_query, layer.attention_key])
    width = layer.n_heads * layer.head_dim
    if isinstance(x, SparseMatrix) or layer.in_features > width:
        heads = torch.eye(layer.n_heads, dtype=value.dtype, device=value.device)
        spread = torch.einsum("thc,hk->tkhc", attention, heads)
        return value.flatten(1) @ spread.flatten(2).flatten(0, 1).t()
    # a . (W x) = (W a) . x
    fold = torch.einsum("fhc,thc->thf", _heads(layer, layer.value), attention)
    return matmul(x, fold.flatten(0, 1).t())
