"""Softmax attention over the edges of a graph."""

from __future__ import annotations

from torch import Tensor

from skattn.ops import _reference
from skattn.ops._backends import Spec, implementation
from skattn.ops._edges import Edges
from skattn.ops._random import check_dropout
from skattn.ops._scores import Score, check_shape
from skattn.ops._typed_edges import TypedEdges

__all__ = ["attention_weights", "edge_attention"]


def edge_attention(
    edges: Edges | TypedEdges,
    score: Score,
    value: Tensor,
    *,
    bias: Tensor | None = None,
    edge_features: Tensor | None = None,
    offset: Tensor | None = None,
    dropout: float = 0.0,
    seed: int = 0,
) -> Tensor:
    """Compute softmax attention of every receiver over its senders.

    ``out[i, h] = offset[h] + Σ_j w[i, j, h] · [value[j, h] ‖ edge_features[ij]]`` with
    ``w[i, :, h] = softmax_j(score[i, j, h] + bias[ij, h])`` over the senders ``j`` of
    receiver ``i``. Differentiable with respect to every tensor. The compiled kernels
    (for float32 on the CPU, and for CUDA devices) never materialise messages: neither
    forward nor backward makes a tensor of shape (n_edges, n_heads, head_dim).

    Parameters
    ----------
    edges : Edges or TypedEdges
        Senders of every receiver; with types, whose vectors join keys and values.
    score : Score
        Attention logits: :class:`~skattn.ops.Gat`, :class:`~skattn.ops.GatV2`,
        :class:`~skattn.ops.Dot`, :class:`~skattn.ops.Pooling`, or a subclass of
        :class:`~skattn.ops.Score`, which the reference backend computes.
    value : Tensor of shape (n_senders, n_heads, head_dim)
        Values of the senders. Passing the tensor ``score.key`` itself saves the memory
        of one gradient.
    bias : Tensor of shape (n_edges, n_heads), optional
        Added to the score, such as a projection of edge features or the logarithm of
        the edge weights.
    edge_features : Tensor of shape (n_edges, n_edge_features), optional
        Averaged with the attention weights of each head, and concatenated to the
        averaged values. Projecting the average is far cheaper than projecting edges.
    offset : Tensor of shape (n_heads, head_dim), optional
        Added to the averaged values.
    dropout : float, default=0.0
        Dropout on the attention weights (after the softmax).
    seed : int, default=0
        Seed of the dropout mask.

    Returns
    -------
    Tensor of shape (n_receivers, n_heads, head_dim + n_edge_features)
        A receiver without senders gets the offset, and zeros as edge features.

    Raises
    ------
    ValueError
        If shapes do not match or ``dropout`` is not in [0, 1).

    References
    ----------
    Veličković et al., "Graph Attention Networks", ICLR 2018; Brody et al., "How
    Attentive are Graph Attention Networks?", ICLR 2022; Vaswani et al., "Attention Is
    All You Need", NeurIPS 2017. Online softmax: Milakov and
    Gimelshein, "Online normalizer calculation for softmax", 2018.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Edges, Gat, edge_attention
    >>> edges = Edges.from_csr([0, 2, 2], [0, 1], n_senders=2)  # node 0: senders 0, 1
    >>> score = Gat(query=torch.zeros(2, 1), key=torch.zeros(2, 1))
    >>> value = torch.tensor([[[1.0]], [[3.0]]])
    >>> edge_attention(edges, score, value).squeeze()
    tensor([2., 0.])
    """
    check_dropout(dropout)
    near, vectors = _untyped(edges)
    score.check(near)
    n_heads = score.n_heads
    check_shape("value", value, (near.n_senders, n_heads, value.shape[-1]))
    _check_edge_shapes(near, value, bias, edge_features, offset)
    if isinstance(edges, TypedEdges):
        edges.check(score, value)
    tensors = (*score.tensors, value, bias, edge_features, offset, *vectors)
    spec = Spec.of(
        "typed_attention" if vectors else "edge_attention",
        near.indptr,
        *tensors,
        score=type(score),
        n_edges=near.n_edges,
        n_heads=n_heads,
        head_dim=value.shape[-1],
    )
    return implementation(spec)(
        edges, score, value, bias, edge_features, offset, dropout, seed
    )


def attention_weights(
    edges: Edges | TypedEdges, score: Score, *, bias: Tensor | None = None
) -> Tensor:
    """Compute the attention weight of every edge.

    Parameters
    ----------
    edges : Edges or TypedEdges
        Senders of every receiver.
    score : Score
        Attention logits, as in :func:`~skattn.ops.edge_attention`.
    bias : Tensor of shape (n_edges, n_heads), optional
        Added to the score.

    Returns
    -------
    Tensor of shape (n_edges, n_heads)
        For each head, the weights of one receiver's edges sum to 1.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    Always computed by the reference backend: ``GatV2`` and ``Dot`` need temporary
    tensors of shape (n_edges, n_heads, head_dim).

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
    near, _ = _untyped(edges)
    score.check(near)
    if isinstance(edges, TypedEdges):
        value = edges.value.new_zeros(near.n_senders, *edges.value.shape[1:])
        edges.check(score, value)
        near, score, _ = edges.per_edge(score, value)
    return _reference.attention_weights(near, score, bias)


def _untyped(edges: Edges | TypedEdges) -> tuple[Edges, tuple[Tensor, ...]]:
    """Return the edges alone, and the vectors of their types."""
    if isinstance(edges, TypedEdges):
        return edges.edges, (edges.key, edges.value)
    return edges, ()


def _check_edge_shapes(
    edges: Edges,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
) -> None:
    if bias is not None:
        check_shape("bias", bias, (edges.n_edges, value.shape[1]))
    if edge_features is not None:
        sizes = (edges.n_edges, edge_features.shape[-1])
        check_shape("edge_features", edge_features, sizes)
    if offset is not None:
        check_shape("offset", offset, tuple(value.shape[1:]))
