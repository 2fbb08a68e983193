"""Projections of node features to the queries, keys and values of each score.

A score map defines the weights of a score and builds a score of ``skattn.ops`` from
node features. A new score needs a formula (a ``Score``) and a map, listed in
``SCORES``.
"""

from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from skattn.nn._rows import matmul, take_rows
from skattn.ops import Dot, Gat, GatV2, Score, SparseMatrix

ScoreName = Literal["dot", "gat", "gatv2"]


class Sent(NamedTuple):
    """Projections of the senders: key, value and, if available, query."""

    key: Tensor
    """(n_nodes, n_heads, head_dim) or, for ``"gat"``, (n_nodes, n_heads)."""
    value: Tensor
    """(n_nodes, n_heads, head_dim)."""
    query: Tensor | None
    """Queries of all nodes, in the shape of the key, if computed with the key; None if
    receivers project their own."""


class Layer(Protocol):
    """Protocol: the attributes of ``GraphAttention`` that score maps read."""

    in_features: int
    head_dim: int
    n_heads: int
    share_weights: bool
    negative_slope: float

    def __getattr__(self, name: str) -> Any: ...  # weights


class ScoreMap(Protocol):
    """Weights and projections of one score."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of all weights except ``value``.

        Weights with names that begin with "attention" are one vector per head.
        """

    def send(self, layer: Layer, x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Compute projections; ``value`` is (n_nodes, n_heads, head_dim)."""

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> Score:
        """Build the score of a range of receivers and all senders."""


class GatMap:
    """Map of "gat": one projection, and two attention vectors per head."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the attention vectors."""
        shape = layer.n_heads, layer.head_dim
        return {"attention_query": shape, "attention_key": shape}

    def send(self, layer: Layer, x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Compute both terms of the scores, as queries and keys."""
        query, key = _score_terms(layer, x, value).unflatten(1, (2, -1)).unbind(1)
        return Sent(key, value, query)

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> Gat:
        """Build the score of a range of receivers and all senders."""
        return Gat(_query(layer, x, receivers, sent), sent.key, layer.negative_slope)


class GatV2Map:
    """Map of "gatv2": the values are the keys; queries are projected unless shared."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the query weight and the attention vectors."""
        query = {} if layer.share_weights else {"query": _square(layer)}
        return {**query, "attention": (layer.n_heads, layer.head_dim)}

    def send(self, layer: Layer, _x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Use the values as keys."""
        return Sent(value, value, value if layer.share_weights else None)

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> GatV2:
        """Build the score of a range of receivers and all senders."""
        query = _query(layer, x, receivers, sent)
        return GatV2(query, sent.key, layer.attention, layer.negative_slope)


class DotMap:
    """Map of "dot": projections for query, key and value, or one shared projection."""

    def weights(self, layer: Layer, /) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights of query and key."""
        if layer.share_weights:
            return {}
        return {"query": _square(layer), "key": _square(layer)}

    def send(self, layer: Layer, x: Tensor | SparseMatrix, value: Tensor, /) -> Sent:
        """Compute the keys."""
        if layer.share_weights:
            return Sent(value, value, value)
        return Sent(_heads(layer, matmul(x, layer.key)), value, None)

    def score(
        self, layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent, /
    ) -> Dot:
        """Build the score of a range of receivers and all senders."""
        return Dot(_query(layer, x, receivers, sent), sent.key)


SCORES: dict[str, ScoreMap] = {"dot": DotMap(), "gat": GatMap(), "gatv2": GatV2Map()}
"""Score maps by name."""


def _square(layer: Layer) -> tuple[int, int]:
    return layer.in_features, layer.n_heads * layer.head_dim


def _heads(layer: Layer, x: Tensor) -> Tensor:
    return x.view(*x.shape[:-1], layer.n_heads, layer.head_dim)


def _query(
    layer: Layer, x: Tensor | SparseMatrix, receivers: slice, sent: Sent
) -> Tensor:
    """Return the queries of a range of receivers, projected if necessary."""
    if sent.query is not None:
        return take_rows(sent.query, receivers)
    return _heads(layer, matmul(take_rows(x, receivers), layer.query))


def _score_terms(layer: Layer, x: Tensor | SparseMatrix, value: Tensor) -> Tensor:
    """Compute ``a_q . W x`` and ``a_k . W x`` of "gat" as one (n, 2 * n_heads) product.

    The attention vectors are multiplied with the weights, or with the values if these
    are narrower or ``x`` is sparse. Column-major factors have faster gradients.
    """
    attention = torch.stack([layer.attention_query, layer.attention_key])
    width = layer.n_heads * layer.head_dim
    if isinstance(x, SparseMatrix) or layer.in_features > width:
        heads = torch.eye(layer.n_heads, dtype=value.dtype, device=value.device)
        block_diagonal = torch.einsum("thc,hk->tkhc", attention, heads)
        return value.flatten(1) @ block_diagonal.flatten(2).flatten(0, 1).t()
    # a . (W x) = (W a) . x
    folded = torch.einsum("fhc,thc->thf", _heads(layer, layer.value), attention)
    return matmul(x, folded.flatten(0, 1).t())
