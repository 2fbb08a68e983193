"""Edge attention on CUDA devices.

The backward pass keeps the inputs, the output and one log-sum-exp per (receiver, head).
No kernel makes a message per edge or adds to memory that another program writes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._autograd import once_differentiable
from skattn.ops._edges import Edges
from skattn.ops._scores import Score, kernel_score
from skattn.ops._triton._call import AttentionCall, Options
from skattn.ops._triton._gradients import attention_gradients
from skattn.ops._triton._plan import Plan, plan_of
from skattn.ops._typed_edges import TypedEdges

__all__ = ["edge_attention", "typed_attention"]


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
    """See `skattn.ops.edge_attention`."""
    score = kernel_score(score, edges.n_receivers)
    tensors = Tensors.of(score, value, bias, edge_features, offset)
    return _attend(edges, score, tensors, dropout, seed)


def typed_attention(
    edges: TypedEdges,
    score: Score,
    value: Tensor,
    bias: Tensor | None,
    edge_features: Tensor | None,
    offset: Tensor | None,
    dropout: float,
    seed: int,
) -> Tensor:
    """See `skattn.ops.edge_attention`, of edges with types."""
    vectors = edges.key, edges.value
    tensors = Tensors.of(score, value, bias, edge_features, offset, vectors)
    types = edges.types.to(torch.int32).contiguous()
    return _attend(edges.edges, score, tensors, dropout, seed, types)


def _attend(
    edges: Edges,
    score: Score,
    tensors: Tensors,
    dropout: float,
    seed: int,
    types: Tensor | None = None,
) -> Tensor:
    slope = getattr(score, "negative_slope", 0.0)
    options = Options(type(score), slope, dropout, seed, types)
    out: Tensor = _EdgeAttention.apply(plan_of(edges), options, *tensors)
    return out


class _EdgeAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, options: Options, *tensors: Any) -> Tensor:
        inputs = Tensors(*tensors).contiguous()
        out, lse = AttentionCall(plan, options, inputs).attend()
        ctx.plan, ctx.options = plan, options
        ctx.save_for_backward(*inputs, out, lse)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        *inputs, out, lse = ctx.saved_tensors
        call = AttentionCall(ctx.plan, ctx.options, Tensors(*inputs))
        needs = Tensors(*ctx.needs_input_grad[2:])
        gradients = attention_gradients(call, out, lse, dout.contiguous(), needs)
        needed = [g if n else None for g, n in zip(gradients, needs, strict=True)]
        return None, None, *needed
