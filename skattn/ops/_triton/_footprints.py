"""Shapes of the tensors that the CUDA kernels allocate; does not import triton."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._edges import Edges
from skattn.ops._scores import Score, kernel_score
from skattn.ops._shapes import Footprint, copied
from skattn.ops._sparse import SparseMatrix

__all__ = ["dropout", "edge_attention", "elu", "sparse_matmul"]


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
    query, key, *attention = score.tensors
    messages = None if value is key else value
    n_features = 0 if edge_features is None else edge_features.shape[1]
    inputs = (query, key, *attention, messages, bias, edge_features, offset)
    n_rows, n_heads = edges.n_receivers, score.n_heads
    return Footprint(
        output=(n_rows, n_heads, value.shape[-1] + n_features),
        inputs=inputs,
        saved=inputs,
        keeps_output=True,
        kept=((n_rows, n_heads), *copied(*inputs)),  # log-sum-exps
        backward=(
            (n_rows, 2 * n_heads),  # statistics of rows
            (edges.n_edges, n_heads),  # gradients of the logits
            *[(n_rows, n_heads, value.shape[-1] + n_features)] * (n_features > 0),
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
