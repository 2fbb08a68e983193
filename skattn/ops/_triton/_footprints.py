"""Shapes of the tensors that the CUDA kernels allocate; does not import triton."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._edges import Edges
from skattn.ops._scores import Score, kernel_score
from skattn.ops._shapes import Footprint, copied
from skattn.ops._sparse import SparseMatrix
from skattn.ops._typed_edges import TypedEdges

__all__ = ["dropout", "edge_attention", "elu", "sparse_matmul", "typed_attention"]


def edge_attention(
    edges: Edges,
    score: Score,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
    dropout: float,
    seed: int,
) -> Footprint:
    """Describe a call of `skattn.ops._triton._attention.edge_attention`."""
    score = kernel_score(score, edges.n_receivers)
    tensors = Tensors.of(score, value, bias, edge_features, offset)
    return _attention(edges, tensors)


def typed_attention(
    edges: TypedEdges,
    score: Score,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
    dropout: float,
    seed: int,
) -> Footprint:
    """Describe a call of `skattn.ops._triton._attention.typed_attention`."""
    vectors = edges.key, edges.value
    tensors = Tensors.of(score, value, bias, edge_features, offset, vectors)
    near = edges.edges
    found = _attention(near, tensors)
    of_types = (
        (near.n_edges, score.n_heads),  # attention weights after dropout
        (3, near.n_edges),  # edges sorted by type; their numbers are int64 at first
    )
    return replace(found, backward=(*found.backward, *of_types))


def _attention(edges: Edges, inputs: Tensors) -> Footprint:
    value = inputs.key if inputs.value is None else inputs.value
    features, heads = inputs.edge_features, (edges.n_receivers, value.shape[1])
    n_features = 0 if features is None else features.shape[1]
    width = value.shape[-1] + n_features
    return Footprint(
        output=(*heads, width),
        inputs=inputs,
        saved=inputs,
        keeps_output=True,
        kept=(heads, *copied(*inputs)),  # log-sum-exps
        backward=(
            (*heads, 2),  # statistics of rows
            (edges.n_edges, value.shape[1]),  # gradients of the logits
            *[(*heads, width)] * (n_features > 0),
            *[x.shape for x in inputs if x is not None and not x.requires_grad],
        ),
        sorts=edges,
    )


def sparse_matmul(
    matrix: SparseMatrix, weight: Tensor, dropout: float, seed: int
) -> Footprint:
    """Describe a call of `skattn.ops._triton._sparse.sparse_matmul`."""
    values = matrix.values
    return Footprint(
        output=(matrix.shape[0], weight.shape[1]),
        inputs=(values, weight),
        saved=(values, weight if values.requires_grad else None),
        forward=copied(weight),
        sorts=matrix.edges,
    )


def dropout(x: Tensor, p: float, seed: int) -> Footprint:
    """Describe a call of `skattn.ops._triton._elementwise.dropout`."""
    return Footprint(output=x.shape, inputs=(x,), forward=copied(x))


def elu(x: Tensor) -> Footprint:
    """Describe a call of `skattn.ops._triton._elementwise.elu`."""
    return Footprint(x.shape, inputs=(x,), keeps_output=True, forward=copied(x))
