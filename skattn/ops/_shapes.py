"""What the CPU kernels allocate, on torch's meta device, where nothing is computed.

A step on tensors without memory tells how much memory it would take. This module is a
backend for that: its functions make and keep tensors of the shapes that the functions
of `skattn.ops._cpu` make and keep, and hold them for as long.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from skattn.ops._edges import Edges
from skattn.ops._scores import Gat, GatV2, Score, sums_twice, walks_once
from skattn.ops._sparse import SparseMatrix

__all__ = ["dropout", "edge_attention", "elu", "sparse_matmul"]

LANES = 8
"""Numbers that kernels take at a time: narrower heads are copied into wider rows."""


def edge_attention(
    edges: Edges,
    score: Score,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
    dropout: float,  # noqa: ARG001 - what is dropped is not stored
    seed: int,  # noqa: ARG001
) -> Tensor:
    """See `skattn.ops.edge_attention`."""
    attention = score.attention if isinstance(score, GatV2) else None
    own = None if value is score.key else value
    tensors = (score.query, score.key, attention, own, bias, edge_features, offset)
    out: Tensor = _EdgeAttention.apply(edges, type(score), value.shape[-1], *tensors)  # type: ignore[no-untyped-call]
    return out


class _EdgeAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        edges: Edges,
        kind: type[Score],
        head_dim: int,
        *tensors: Tensor | None,
    ) -> Tensor:
        _held = _tables(kind, tensors)
        query, *_, edge_features, _ = tensors
        assert query is not None
        n_receivers, n_heads = query.shape[:2]
        width = head_dim
        if edge_features is not None:
            width += edge_features.shape[1]
        _, _, _, needs_query, *_, needs_bias, _, _ = ctx.needs_input_grad
        once = any(ctx.needs_input_grad) and walks_once(edges.n_edges)
        scores = query.new_empty(edges.n_edges, n_heads) if once else None
        needs = needs_query and not once, needs_bias
        twice = sums_twice(kind, edges.n_edges, n_receivers * width, needs)
        sums = [
            query.new_empty(n_receivers, n_heads, *columns)
            for columns in [(width,), ()] * (1 + twice)
        ]
        ctx.edges, ctx.kind, ctx.head_dim = edges, kind, head_dim
        ctx.save_for_backward(*tensors, scores, *sums)
        return sums[0]

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        tensors, (scores, *sums) = ctx.saved_tensors[:7], ctx.saved_tensors[7:]
        out, log_sum, *second = sums
        once = scores is not None
        _held = [dout.contiguous(), *_tables(ctx.kind, tensors)]
        gathered = ctx.kind is Gat and not once
        _held.append(out.new_empty(*log_sum.shape, 2 + gathered))
        query, key, attention, value, bias, edge_features, offset = tensors
        if once:
            n_scores = 0 if bias is None else ctx.edges.n_edges
        else:
            _by_sender(ctx.edges)
            n_scores = 0 if second else ctx.edges.n_edges
        dscore = out.new_empty(n_scores, log_sum.shape[1])
        grads = [_like(tensor) for tensor in (key, value, edge_features)]
        dkey, dvalue, dedge_features = grads
        if ctx.head_dim % LANES:
            _held.append(_whole_lanes(dout[..., : ctx.head_dim]))
        dquery = _like(query)
        dbias = None if bias is None else dscore
        others = (dbias, dedge_features, _like(offset))
        return None, None, None, dquery, dkey, _like(attention), dvalue, *others


def sparse_matmul(
    matrix: SparseMatrix,
    weight: Tensor,
    dropout: float,  # noqa: ARG001
    seed: int,  # noqa: ARG001
) -> Tensor:
    """See `skattn.ops.sparse_matmul`."""
    out: Tensor = _SparseMatmul.apply(matrix.edges, matrix.values, weight)  # type: ignore[no-untyped-call]
    return out


class _SparseMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edges: Edges, values: Tensor, weight: Tensor) -> Tensor:
        ctx.edges = edges
        ctx.save_for_backward(values)
        _held = _whole_lanes(weight)
        return weight.new_empty(edges.n_receivers, weight.shape[1])

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        _by_sender(ctx.edges)
        _held = _whole_lanes(dout)
        return None, None, dout.new_empty(ctx.edges.n_senders, dout.shape[1])


def dropout(x: Tensor, p: float, seed: int) -> Tensor:  # noqa: ARG001
    """See `skattn.ops.dropout`."""
    out: Tensor = _Dropout.apply(x)  # type: ignore[no-untyped-call]
    return out


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        return torch.empty_like(x.contiguous())

    @staticmethod
    def backward(_ctx: Any, dout: Tensor) -> Tensor:
        return torch.empty_like(dout.contiguous())


def elu(x: Tensor) -> Tensor:
    """See `skattn.ops.elu`."""
    out: Tensor = _Elu.apply(x)  # type: ignore[no-untyped-call]
    return out


class _Elu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        out = torch.empty_like(x.contiguous())
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(_ctx: Any, dout: Tensor) -> Tensor:
        return torch.empty_like(dout.contiguous())


_BY_SENDER: WeakKeyDictionary[Edges, tuple[Tensor, ...]] = WeakKeyDictionary()


def _by_sender(edges: Edges) -> None:
    """Keep what a gradient needs of the edges sorted by sender, as long as they are."""
    if edges not in _BY_SENDER:
        indptr = edges.indptr.new_empty(edges.n_senders + 1)
        found = torch.empty_like(edges.senders), torch.empty_like(edges.senders)
        _BY_SENDER[edges] = indptr, *found


def _tables(
    kind: type[Score], tensors: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """Make what of the tensors of a call the kernels do not read as it is."""
    query, key, _, value, bias, edge_features, _ = tensors
    lie = _contiguous if kind is Gat else _whole_lanes
    numbers = [_contiguous(tensor) for tensor in (bias, edge_features)]
    return [lie(query), lie(key), _whole_lanes(value), *numbers]


def _contiguous(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.contiguous()


def _whole_lanes(tensor: Tensor | None) -> Tensor | None:
    if tensor is None or tensor.shape[-1] % LANES == 0:
        return _contiguous(tensor)
    width = -(-tensor.shape[-1] // LANES) * LANES
    return tensor.new_empty(*tensor.shape[:-1], width)


def _like(tensor: Tensor | None) -> Tensor | None:
    shape = torch.contiguous_format
    return None if tensor is None else torch.empty_like(tensor, memory_format=shape)
