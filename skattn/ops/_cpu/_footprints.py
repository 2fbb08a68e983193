"""Shapes of the tensors that the CPU kernels allocate; does not import numba."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._cpu._layout import LANES, whole_lanes
from skattn.ops._cpu._passes import (
    is_single_pass,
    n_blocks_of,
    n_type_sums,
    needs_second_sums,
)
from skattn.ops._edges import Edges
from skattn.ops._scores import Gat, Score, kernel_score
from skattn.ops._shapes import Footprint, Shape, copied
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
    """Describe a call of `skattn.ops._cpu._attention.edge_attention`."""
    score = kernel_score(score, edges.n_receivers)
    tensors = Tensors.of(score, value, bias, edge_features, offset)
    once = any(map(_needs_grad, tensors)) and is_single_pass(edges.n_edges)
    return _attention(edges, score, tensors, once=once)


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
    """Describe a call of `skattn.ops._cpu._attention.typed_attention`."""
    vectors = edges.key, edges.value
    tensors = Tensors.of(score, value, bias, edge_features, offset, vectors)
    near, n_types = edges.edges, edges.n_types
    n_blocks = n_blocks_of(near.n_edges, near.n_senders)
    n_sums = n_type_sums(n_blocks, near.n_senders, n_types)
    given = [x for x in (tensors.key_vectors, tensors.value_vectors) if x is not None]
    width = sum(x[0].numel() // x.shape[-1] * whole_lanes(x.shape[-1]) for x in given)
    found = _attention(near, score, tensors, once=False)
    sums = ((3, n_sums, n_types, width),)  # one in float64, one in float32
    return replace(found, backward=(*found.backward, *sums))


def _attention(edges: Edges, score: Score, inputs: Tensors, *, once: bool) -> Footprint:
    query, key, messages = inputs.query, inputs.key, inputs.value
    value = key if messages is None else messages
    bias, edge_features = inputs.bias, inputs.edge_features
    has_scalar_keys = isinstance(score, Gat)
    n_features = 0 if edge_features is None else edge_features.shape[1]
    width, heads = value.shape[-1] + n_features, (edges.n_receivers, score.n_heads)
    per_edge = (edges.n_edges, score.n_heads)
    of_nodes = (query, key)
    tables = (
        *(copied(*of_nodes) if has_scalar_keys else _padded(*of_nodes)),
        *_padded(messages),
        *copied(bias, edge_features),
    )
    twice = has_scalar_keys and needs_second_sums(
        edges.n_edges,
        edges.n_receivers * width,
        query=_needs_grad(query) and not once,
        bias=_needs_grad(bias),
    )
    makes_dscore = bias is not None if once else not twice
    return Footprint(
        output=(*heads, width),
        inputs=inputs,
        saved=inputs,
        keeps_output=True,
        kept=(heads, *[(*heads, width), heads] * twice, *[per_edge] * once),
        forward=tables,
        backward=(
            *tables,
            (*heads, 2 + (has_scalar_keys and not once)),  # statistics of rows
            *[(*heads, whole_lanes(value.shape[-1]))] * (value.shape[-1] % LANES > 0),
            *[per_edge] * (makes_dscore and not _needs_grad(bias)),
            *_unused_gradients(query, key, messages, edge_features),
        ),
        sorts=None if once else edges,
    )


def sparse_matmul(
    matrix: SparseMatrix,
    weight: Tensor,
    dropout: float,
    seed: int,
) -> Footprint:
    """Describe a call of `skattn.ops._cpu._sparse.sparse_matmul`."""
    (n_rows, _), width, values = matrix.shape, weight.shape[1], matrix.values
    weights = [weight] * _needs_grad(values)
    return Footprint(
        output=(n_rows, width),
        inputs=(values, weight),
        saved=(values, *weights),
        forward=_padded(weight),
        backward=(
            *((n_rows, whole_lanes(width)),) * (width % LANES > 0),
            *_padded(*weights),
        ),
        sorts=matrix.edges,
    )


def dropout(x: Tensor, p: float, seed: int) -> Footprint:
    """Describe a call of `skattn.ops._cpu._elementwise.dropout`."""
    return Footprint(output=x.shape, inputs=(x,), forward=copied(x))


def elu(x: Tensor) -> Footprint:
    """Describe a call of `skattn.ops._cpu._elementwise.elu`."""
    return Footprint(x.shape, inputs=(x,), keeps_output=True, forward=copied(x))


def _needs_grad(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.requires_grad and torch.is_grad_enabled()


def _padded(*tensors: Tensor | None) -> tuple[Shape, ...]:
    """Return the shapes of copies of tensors that need padding to whole lanes."""
    given = [x for x in tensors if x is not None]
    narrow = [x for x in given if x.shape[-1] % LANES]
    wide = [x for x in given if x.shape[-1] % LANES == 0]
    return (
        *[(*x.shape[:-1], whole_lanes(x.shape[-1])) for x in narrow],
        *copied(*wide),
    )


def _unused_gradients(*tensors: Tensor | None) -> tuple[Shape, ...]:
    """Return the shapes of gradients that are computed but not needed."""
    return tuple(x.shape for x in tensors if x is not None and not _needs_grad(x))
