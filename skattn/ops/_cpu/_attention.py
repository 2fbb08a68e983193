"""Edge attention on the CPU: buffers, blocks and gradients around the kernels.

What is kept between forward and backward is the inputs, the output and one log-sum-exp
per (receiver, head).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from skattn.ops._cpu import _kernels as kernels
from skattn.ops._cpu._plan import (
    Plan,
    Rows,
    dropping,
    empty,
    place,
    plan_of,
    slots,
    whole_lanes,
)
from skattn.ops._edges import Edges
from skattn.ops._scores import Gat, GatV2, Score

__all__ = ["edge_attention"]


class _Options(NamedTuple):
    """What of a call is no tensor."""

    kind: type[Score]
    negative_slope: float
    dropout: float
    seed: int


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
    slope = getattr(score, "negative_slope", 0.0)
    out: Tensor = _EdgeAttention.apply(
        plan_of(edges),
        _Options(type(score), slope, dropout, seed),
        score.query,
        score.key,
        score.attention if isinstance(score, GatV2) else None,
        None if value is score.key else value,
        bias,
        edge_features,
        offset,
    )
    return out


class _Inputs(NamedTuple):
    """The tensors of a call."""

    query: Tensor
    key: Tensor
    attention: Tensor | None
    value: Tensor | None
    """None: the key."""
    bias: Tensor | None
    edge_features: Tensor | None
    offset: Tensor | None


class _EdgeAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, options: _Options, *tensors: Any) -> Any:
        out, lse = _Call(plan, options, _Inputs(*tensors)).attend()
        ctx.plan, ctx.options = plan, options
        ctx.save_for_backward(out, lse, *tensors)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        out, lse, *tensors = ctx.saved_tensors
        call = _Call(ctx.plan, ctx.options, _Inputs(*tensors))
        grads = _Pull(call, out, lse, dout.contiguous()).run()
        needs = ctx.needs_input_grad[2:]
        return (
            None,
            None,
            *(g if n else None for g, n in zip(grads, needs, strict=True)),
        )


class _Call:
    """A call as the kernels see it: tables in whole lanes, kept while it lives."""

    def __init__(self, plan: Plan, options: _Options, inputs: _Inputs) -> None:
        self.plan, self.options, self.inputs = plan, options, inputs
        in_lanes = Tensor.contiguous if options.kind is Gat else whole_lanes
        self.query, self.key = in_lanes(inputs.query), in_lanes(inputs.key)
        value = inputs.key if inputs.value is None else inputs.value
        self.value = self.key if inputs.value is None else whole_lanes(value)
        self.attention, self.offset = (
            None if tensor is None else whole_lanes(tensor)
            for tensor in (inputs.attention, inputs.offset)
        )
        self.bias, self.edge_features = (
            None if tensor is None else tensor.contiguous()
            for tensor in (inputs.bias, inputs.edge_features)
        )
        self.sizes = self._sizes(value)
        self.shape = self._shape()
        self.work_size = kernels.desk_size(self.sizes, self.shape)

    def _sizes(self, value: Tensor) -> Any:
        _, heads, width = value.shape
        features = 0 if self.edge_features is None else self.edge_features.shape[1]
        step = self.value.shape[2]
        columns = width + features if step == width else step
        return kernels.Sizes(heads, slots(heads), width, step, features, columns)

    def _shape(self) -> tuple[int, int, int]:
        """Heads of query and key, their width, and that in whole lanes."""
        if self.options.kind is Gat:  # one number per head: one head of them all
            return 1, self.sizes.heads, self.sizes.heads
        return self.sizes.heads, self.inputs.key.shape[2], self.key.shape[2]

    def record(self, *, by_sender: bool) -> tuple[Any, ...]:
        """Return the kernels' record of the call, from the side of who is walked."""
        mine, theirs = self.query.data_ptr(), self.key.data_ptr()
        if by_sender:
            mine, theirs = theirs, mine
        slope, shape = self.options.negative_slope, self.shape
        score: Any
        if self.options.kind is Gat:
            score = kernels.Gat(mine, theirs, shape, slope)
        elif self.options.kind is GatV2:
            score = kernels.GatV2(mine, theirs, shape, place(self.attention), slope)
        else:
            score = kernels.Dot(mine, theirs, shape, 1 / math.sqrt(shape[1]))
        inputs = self.value, self.bias, self.edge_features, self.offset
        drop = dropping(self.options.dropout, self.options.seed)
        return score, self.sizes, kernels.Inputs(*map(place, inputs)), drop

    def attend(self) -> tuple[Tensor, Tensor]:
        """Return the output and the log-sum-exps."""
        rows, record = self.plan.by_receiver, self.record(by_sender=False)
        n, heads = len(self.query), self.sizes.heads
        out = empty(n, heads, self.sizes.width + self.sizes.features)
        lse = empty(n, heads)
        written = out.data_ptr(), lse.data_ptr()

        def attend(blocks: tuple[int, int], work: int) -> None:
            kernels.attend(blocks, rows.places, record, written, work)

        rows.walk(attend, self.work_size)
        return out, lse


@dataclass(frozen=True, eq=False)
class _Pull:
    """The backward pass of one call."""

    call: _Call
    out: Tensor
    lse: Tensor
    dout: Tensor

    def run(self) -> tuple[Tensor | None, ...]:
        """Return the gradients of all tensors, in the order of the call."""
        inputs = self.call.inputs
        stat, doffset = self._row_sums()
        (dkey, dvalue, dedge_features, dscore), dattention = self._senders(stat)
        dquery, dattention_too = self._receivers(dscore)
        return (
            dquery,
            dkey,
            _summed(inputs.attention, dattention, dattention_too),
            None if inputs.value is None else dvalue,
            dscore,
            dedge_features,
            _summed(inputs.offset, doffset),
        )

    def _row_sums(self) -> tuple[Tensor, Tensor | None]:
        rows, call = self.call.plan.by_receiver, self.call
        stat = empty(len(self.lse), 2, self.lse.shape[1])
        doffset = _partial(rows, call.offset)
        received = tuple(map(place, (self.out, self.lse, self.dout, call.offset)))
        written = stat.data_ptr(), place(doffset)

        def row_sums(blocks: tuple[int, int], work: int) -> None:
            kernels.row_sums(blocks, rows.places, call.sizes, received, written, work)

        rows.walk(row_sums, call.work_size)
        return stat, doffset

    def _senders(self, stat: Tensor) -> tuple[tuple[Tensor, ...], Tensor | None]:
        rows, call, inputs = self.call.plan.by_sender, self.call, self.call.inputs
        n_edges, sizes = len(rows.others), call.sizes
        dkey = empty(*inputs.key.shape)
        dvalue = dkey if inputs.value is None else empty(*inputs.value.shape)
        dedge_features = empty(n_edges, sizes.features)
        dscore, dattention = empty(n_edges, sizes.heads), _partial(rows, call.attention)
        grads = dkey, dvalue, dedge_features, dscore
        table, record = self.dout, call.record(by_sender=True)
        if sizes.step != sizes.width:
            table = whole_lanes(table[..., : sizes.width])
        received = tuple(map(place, (table, self.dout, stat)))
        written = tuple(map(place, (*grads, dattention)))

        def pull(blocks: tuple[int, int], work: int) -> None:
            kernels.pull_senders(blocks, rows.places, record, received, written, work)

        rows.walk(pull, call.work_size)
        return grads, dattention

    def _receivers(self, dscore: Tensor) -> tuple[Tensor, Tensor | None]:
        rows, call = self.call.plan.by_receiver, self.call
        record, received = call.record(by_sender=False), dscore.data_ptr()
        dquery = empty(*call.inputs.query.shape)
        dattention = _partial(rows, call.attention)
        written = dquery.data_ptr(), place(dattention)

        def pull(blocks: tuple[int, int], work: int) -> None:
            kernels.pull_receivers(blocks, rows.places, record, received, written, work)

        rows.walk(pull, call.work_size)
        return dquery, dattention


def _partial(rows: Rows, tensor: Tensor | None) -> Tensor | None:
    """Return zeros for every block's part of a gradient."""
    if tensor is None:
        return None
    return torch.zeros(rows.n_blocks, *tensor.shape, dtype=torch.float64)


def _summed(like: Tensor | None, *partial: Tensor | None) -> Tensor | None:
    """Return the sum of partial gradients, cut to the width of their tensor."""
    if like is None:
        return None
    whole = sum(part.numpy().sum(0) for part in partial if part is not None)
    return torch.from_numpy(whole[:, : like.shape[1]]).float()
