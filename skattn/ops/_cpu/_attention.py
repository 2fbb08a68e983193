"""Edge attention on the CPU.

The backward pass keeps the inputs, the output, one log-sum-exp per (receiver, head)
and, for small graphs, the scores of the edges.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._autograd import once_differentiable
from skattn.ops._cpu._call import AttentionCall, Options
from skattn.ops._cpu._gradients import AttentionGradients
from skattn.ops._cpu._plan import Plan, plan_of
from skattn.ops._edges import Edges
from skattn.ops._scores import Score, kernel_score
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
    slope, is_recorded = getattr(score, "negative_slope", 0.0), torch.is_grad_enabled()
    options = Options(type(score), slope, dropout, seed, is_recorded, types)
    out: Tensor = _EdgeAttention.apply(plan_of(edges), options, *tensors)
    return out


class _EdgeAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, options: Options, *tensors: Any) -> Any:
        inputs, needs = Tensors(*tensors), Tensors(*ctx.needs_input_grad[2:])
        sums, scores = AttentionCall(plan, options, inputs, needs).attend()
        ctx.plan, ctx.options = plan, options
        ctx.save_for_backward(*inputs, scores, *sums)
        return sums[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        n = len(Tensors._fields)
        inputs, (scores, *sums) = ctx.saved_tensors[:n], ctx.saved_tensors[n:]
        call = AttentionCall(ctx.plan, ctx.options, Tensors(*inputs))
        gradients = AttentionGradients(call, sums, scores, dout.contiguous()).compute()
        needs = ctx.needs_input_grad
        grads = None, None, *gradients
        return tuple([g if n else None for g, n in zip(grads, needs, strict=True)])
