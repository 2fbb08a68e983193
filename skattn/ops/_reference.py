"""Reference backend: the operations in plain torch.

For any device and floating-point dtype, and differentiable any number of times. Kernels
are tested against it. Unlike them it materialises a message per edge.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from skattn.ops._draw_rows import reference_rows as draw_rows
from skattn.ops._edges import Edges
from skattn.ops._path_reference import expand, path_attention
from skattn.ops._random import edge_keep, element_keep
from skattn.ops._scores import Score
from skattn.ops._sparse import SparseMatrix
from skattn.ops._typed_edges import TypedEdges

__all__ = [
    "attention_weights",
    "draw_rows",
    "dropout",
    "edge_attention",
    "elu",
    "expand",
    "path_attention",
    "sparse_matmul",
    "typed_attention",
]


def edge_attention(
    edges: Edges,
    score: Score,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
    dropout: float,
    seed: int,
) -> Tensor:
    """See ``skattn.ops.edge_attention``."""
    weights = attention_weights(edges, score, bias)  # (n_edges, n_heads)
    if dropout:
        keep = edge_keep(edges.n_edges, weights.shape[1], dropout, seed, weights.device)
        weights = weights * keep / (1 - dropout)
    messages = value[edges.senders]  # (n_edges, n_heads, head_dim)
    if edge_features is not None:
        shared = edge_features[:, None].expand(-1, messages.shape[1], -1)
        messages = torch.cat([messages, shared], -1)
    messages = weights[..., None] * messages
    out = messages.new_zeros(edges.n_receivers, *messages.shape[1:])
    out = out.index_add(0, edges.receivers, messages)
    if offset is not None:
        out = out + pad(offset, (0, out.shape[-1] - offset.shape[-1]))
    return out


def typed_attention(
    edges: TypedEdges, score: Score, value: Tensor, *others: Any
) -> Tensor:
    """See ``skattn.ops.edge_attention``, of edges with types."""
    near, of_edges, messages = edges.per_edge(score, value)
    return edge_attention(near, of_edges, messages, *others)


def attention_weights(edges: Edges, score: Score, bias: Tensor | None) -> Tensor:
    """See ``skattn.ops.attention_weights``."""
    logits = score.logits(edges.receivers, edges.senders)  # (n_edges, n_heads)
    if bias is not None:
        logits = logits + bias
    rows = edges.receivers.long()[:, None].expand_as(logits)
    start = logits.new_full((edges.n_receivers, logits.shape[1]), -torch.inf)
    top = start.scatter_reduce(0, rows, logits.detach(), "amax")
    powers = (logits - top[edges.receivers]).exp()
    totals = torch.zeros_like(start).index_add(0, edges.receivers, powers)
    return powers / totals[edges.receivers]


def sparse_matmul(matrix: SparseMatrix, weight: Tensor, p: float, seed: int) -> Tensor:
    """See ``skattn.ops.sparse_matmul``."""
    values = matrix.values
    if p:
        values = dropout(values, p, seed)
    out = weight.new_zeros(matrix.shape[0], weight.shape[1])
    rows = weight[matrix.edges.senders]  # (n_edges, k)
    return out.index_add(0, matrix.edges.receivers, values[:, None] * rows)


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """See ``skattn.ops.dropout``."""
    return x * element_keep(x, p, seed) / (1 - p)


def elu(x: Tensor) -> Tensor:
    """See ``skattn.ops.elu``."""
    return torch.nn.functional.elu(x)
