"""Attention over the edges of a graph, the operation all else is built on."""

from __future__ import annotations

from torch import Tensor

from skattn.ops import _reference
from skattn.ops._backends import Spec, select
from skattn.ops._edges import Edges
from skattn.ops._random import check_dropout
from skattn.ops._scores import GatV2, Score

__all__ = ["attention_weights", "edge_attention"]


def edge_attention(
    edges: Edges,
    score: Score,
    value: Tensor,
    *,
    bias: Tensor | None = None,
    edge_features: Tensor | None = None,
    offset: Tensor | None = None,
    dropout: float = 0.0,
    seed: int = 0,
) -> Tensor:
    """Let every receiver average the values of its senders by their scores.

    ``out[i, h] = offset[h] + Σ_j w[i, j, h] · [value[j, h] ‖ edge_features[ij]]`` with
    ``w[i, :, h] = softmax_j(score[i, j, h] + bias[ij, h])`` over the senders of ``i``.
    Differentiable in every tensor. On the CPU in float32 no tensor of size
    (n_edges, n_heads, head_dim) is made, forward or backward.

    Parameters
    ----------
    edges : Edges
        Who attends to whom.
    score : Gat, GatV2 or Dot
        How an edge is scored.
    value : Tensor of shape (n_senders, n_heads, head_dim)
        What a sender passes on. The very tensor ``score.key`` may be given, which saves
        a gradient's memory and some time.
    bias : Tensor of shape (n_edges, n_heads), optional
        Added to the score: projected edge features, the logarithm of an edge's weight.
    edge_features : Tensor of shape (n_edges, n_edge_features), optional
        Averaged with the weights of each head beside the values. A projection of them
        may follow the average, which is far cheaper than one per edge before it.
    offset : Tensor of shape (n_heads, head_dim), optional
        Added to the average of the values.
    dropout : float, default=0.0
        Share of the weights that is dropped after the softmax; the others grow by
        ``1 / (1 - dropout)``.
    seed : int, default=0
        Chooses what is dropped.

    Returns
    -------
    Tensor of shape (n_receivers, n_heads, head_dim + n_edge_features)
        A receiver without senders gets the offset and zeros.

    Raises
    ------
    ValueError
        If shapes do not fit or `dropout` is not in [0, 1).

    References
    ----------
    Veličković et al., "Graph Attention Networks", ICLR 2018; Brody et al., "How
    Attentive are Graph Attention Networks?", ICLR 2022; Vaswani et al., "Attention Is
    All You Need", NeurIPS 2017. The softmax that is never stored: Milakov and
    Gimelshein, "Online normalizer calculation for softmax", 2018.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Edges, Gat, edge_attention
    >>> edges = Edges.from_csr([0, 2, 2], [0, 1], n_senders=2)
    >>> score = Gat(query=torch.zeros(2, 1), key=torch.zeros(2, 1))
    >>> value = torch.tensor([[[1.0]], [[3.0]]])
    >>> edge_attention(edges, score, value).squeeze()
    tensor([2., 0.])
    """
    check_dropout(dropout)
    _check_shapes(edges, score, value)
    _check_edge_shapes(edges, value, bias, edge_features, offset)
    attention = score.attention if isinstance(score, GatV2) else None
    tensors = (score.query, score.key, attention, value, bias, edge_features, offset)
    backend = select(Spec.of(edges.indptr, *tensors))
    return backend.load().edge_attention(
        edges, score, value, bias, edge_features, offset, dropout, seed
    )


def attention_weights(
    edges: Edges, score: Score, *, bias: Tensor | None = None
) -> Tensor:
    """Return the weight of every edge.

    Parameters
    ----------
    edges : Edges
        Who attends to whom.
    score : Gat, GatV2 or Dot
        How an edge is scored.
    bias : Tensor of shape (n_edges, n_heads), optional
        Added to the score.

    Returns
    -------
    Tensor of shape (n_edges, n_heads)
        The weights of one receiver's edges sum to 1 for each head.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Plain torch on any device; for "gatv2" and "dot" it needs n_edges · n_heads ·
    head_dim numbers for a moment.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Edges, Gat, attention_weights
    >>> edges = Edges.from_csr([0, 2, 2], [0, 1], n_senders=2)
    >>> score = Gat(query=torch.zeros(2, 1), key=torch.zeros(2, 1))
    >>> attention_weights(edges, score)
    tensor([[0.5000],
            [0.5000]])
    """
    _check_shapes(edges, score, None)
    return _reference.attention_weights(edges, score, bias)


def _check_shapes(edges: Edges, score: Score, value: Tensor | None) -> None:
    """Kernels read without looking; this is the last place where sizes are compared."""
    tail = score.key.shape[1:]
    _check_shape("score.query", score.query, (edges.n_receivers, *tail))
    _check_shape("score.key", score.key, (edges.n_senders, *tail))
    if isinstance(score, GatV2):
        _check_shape("score.attention", score.attention, tuple(tail))
    if value is not None:
        sizes = (edges.n_senders, tail[0], value.shape[-1])
        _check_shape("value", value, sizes)


def _check_edge_shapes(
    edges: Edges,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
) -> None:
    if bias is not None:
        _check_shape("bias", bias, (edges.n_edges, value.shape[1]))
    if edge_features is not None:
        sizes = (edges.n_edges, edge_features.shape[-1])
        _check_shape("edge_features", edge_features, sizes)
    if offset is not None:
        _check_shape("offset", offset, tuple(value.shape[1:]))


def _check_shape(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tensor.shape != shape:
        raise ValueError(
            f"{name} must have shape {shape} to fit these edges and the other tensors, "
            f"got {tuple(tensor.shape)}."
        )
