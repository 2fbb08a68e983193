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

__all__ = ["edge_attention"]


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
    slope = getattr(score, "negative_slope", 0.0)
    out: Tensor = _EdgeAttention.apply(
        plan_of(edges),
        Options(type(score), slope, dropout, seed, torch.is_grad_enabled()),
        *Tensors.of(score, value, bias, edge_features, offset),
    )
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
