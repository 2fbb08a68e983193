"""Edge attention on the CPU: buffers, blocks and gradients around the kernels.

What is kept between forward and backward is the inputs, the output and one log-sum-exp
per (receiver, head).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from skattn.ops._buffers import empty
from skattn.ops._cpu import _kernels as kernels
from skattn.ops._cpu._plan import (
    Plan,
    asked_ahead,
    dropping,
    in_lanes,
    once_differentiable,
    place,
    plan_of,
    slots,
    whole,
    zeros,
)
from skattn.ops._edges import Edges
from skattn.ops._scores import Gat, GatV2, Score, sums_twice

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
        inputs = _Inputs(*tensors)
        query, _, _, _, bias, _, _ = ctx.needs_input_grad[2:]
        sums = _Call(plan, options, inputs, (query, bias)).attend()
        ctx.plan, ctx.options = plan, options
        ctx.save_for_backward(*inputs, *sums)
        return sums[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        n = len(_Inputs._fields)
        inputs, sums = _Inputs(*ctx.saved_tensors[:n]), ctx.saved_tensors[n:]
        call = _Call(ctx.plan, ctx.options, inputs)
        grads = None, None, *_Pull(call, sums, dout.contiguous()).run()
        needs = ctx.needs_input_grad
        return tuple([g if n else None for g, n in zip(grads, needs, strict=True)])


@lru_cache
def _layout(
    heads: tuple[int, int],
    width: int,
    n_features: int,
    shape: tuple[int, int, int],
    ahead: int,
) -> tuple[Any, int]:
    """Return the sizes of the values and how many bytes a walk works in.

    heads = (heads, sums).
    """
    step = whole(width)
    columns = width + n_features if step == width else step
    spaces = slots(heads[1]), width, step, n_features, columns
    sizes = kernels.Sizes(*heads, *spaces, ahead)
    return sizes, kernels.desk_size(sizes, shape)


class _Call:
    """A call as the kernels see it: tables in whole lanes, kept while it lives."""

    def __init__(
        self,
        plan: Plan,
        options: _Options,
        inputs: _Inputs,
        needs: tuple[bool, bool] = (False, False),
    ) -> None:
        query, key, attention, value, bias, edge_features, offset = inputs
        self.plan, self.options, self.inputs = plan, options, inputs
        _, heads, width = (key if value is None else value).shape
        if options.kind is Gat:  # one number per head: one head of them all
            self.query, self.key = query.contiguous(), key.contiguous()
            self.shape = 1, heads, heads
        else:
            self.query, self.key = in_lanes(query), in_lanes(key)
            self.shape = heads, key.shape[2], self.key.shape[2]
        self.value = self.key if value is None else in_lanes(value)
        self.attention = None if attention is None else in_lanes(attention)
        self.bias = bias
        if bias is not None and not bias.is_contiguous():  # of one head, for all
            self.bias = empty(*bias.shape).copy_(bias)
        self.features = None if edge_features is None else edge_features.contiguous()
        self.offset = None if offset is None else in_lanes(offset)
        n_features = 0 if edge_features is None else edge_features.shape[1]
        n_edges = len(plan.by_receiver.others)
        n_sums = len(query) * (width + n_features)
        twice = sums_twice(options.kind, n_edges, n_sums, needs)
        sums, ahead = heads * (1 + twice), asked_ahead(self.query, self.value)
        self.sizes, size = _layout((heads, sums), width, n_features, self.shape, ahead)
        self.work = zeros(size)
        tables = self.value, self.bias, self.features, self.offset
        self.inputs_at = kernels.Inputs(*map(place, tables))
        self.drop = dropping(options.dropout, options.seed)

    def record(self, mine: Tensor, theirs: Tensor) -> tuple[Any, ...]:
        """Return the kernels' record of the call, from the side of who is walked."""
        slope, shape = self.options.negative_slope, self.shape
        places = mine.data_ptr(), theirs.data_ptr(), shape
        score: Any
        if self.options.kind is Gat:
            ahead = min(self.sizes.ahead, asked_ahead(theirs))
            score = kernels.Gat(*places, slope, theirs.shape[1], ahead)
        elif self.options.kind is GatV2:
            score = kernels.GatV2(*places, place(self.attention), slope)
        else:
            score = kernels.Dot(*places, 1 / math.sqrt(shape[1]))
        return score, self.sizes, self.inputs_at, self.drop

    def attend(self) -> tuple[Tensor, ...]:
        """Return the output and the log-sum-exps, then those of second sums."""
        rows, record = self.plan.by_receiver, self.record(self.query, self.key)
        n, heads, sizes = self.query.shape[0], self.sizes.heads, self.sizes
        sums: list[Tensor] = []
        while len(sums) * heads < 2 * sizes.sums:
            sums += empty(n, heads, sizes.width + sizes.features), empty(n, heads)
        written = *map(place, sums), *[0] * (4 - len(sums))

        def attend(blocks: tuple[int, int], work: int) -> None:
            kernels.attend(blocks, rows.places, record, written, work)

        rows.walk(attend, self.work)
        return tuple(sums)


@dataclass(frozen=True, eq=False)
class _Pull:
    """The backward pass of one call."""

    call: _Call
    sums: tuple[Tensor, ...]
    """What `attend` returned."""
    dout: Tensor

    def run(self) -> tuple[Tensor | None, ...]:
        """Return the gradients of all tensors, in the order of the call."""
        call, inputs = self.call, self.call.inputs
        by_receiver, by_sender = call.plan.by_receiver, call.plan.by_sender
        doffset = _partial(by_receiver.n_blocks, call.offset)
        dattention = _partial(by_sender.n_blocks + by_receiver.n_blocks, call.attention)
        dquery = empty(*inputs.query.shape) if len(self.sums) > 2 else None
        stat = self._row_sums(doffset, dquery)
        dkey, dvalue, dedge_features, dscore = self._senders(
            stat, dattention, scored=dquery is None
        )
        if dscore is not None:
            dquery = self._receivers(dscore, dattention)
        return (
            dquery,
            dkey,
            _summed(dattention, inputs.attention),
            None if inputs.value is None else dvalue,
            dscore,
            dedge_features,
            _summed(doffset, inputs.offset),
        )

    def _row_sums(self, doffset: Tensor | None, dquery: Tensor | None) -> Tensor:
        rows, call = self.call.plan.by_receiver, self.call
        n, heads = self.sums[1].shape
        is_gat = call.options.kind is Gat
        stat = empty(n, (2 + is_gat) * heads)
        out, lse, above, lse_above = *map(place, self.sums), *[0] * (4 - len(self.sums))
        query = call.query.data_ptr() if is_gat else 0
        received = kernels.Received(
            out, lse, self.dout.data_ptr(), place(call.offset),
            query, above, lse_above, call.options.negative_slope,
        )  # fmt: skip
        written = stat.data_ptr(), place(doffset), place(dquery)

        def row_sums(blocks: tuple[int, int], work: int) -> None:
            kernels.row_sums(blocks, rows.places, call.sizes, received, written, work)

        rows.walk(row_sums, call.work)
        return stat

    def _senders(
        self, stat: Tensor, dattention: Tensor | None, *, scored: bool
    ) -> tuple[Tensor | None, ...]:
        rows, call, inputs = self.call.plan.by_sender, self.call, self.call.inputs
        n_edges, sizes = rows.others.shape[0], call.sizes
        dkey = empty(*inputs.key.shape)
        dvalue = dkey if inputs.value is None else empty(*inputs.value.shape)
        dedge_features = empty(n_edges, sizes.features)
        dscore = empty(n_edges, sizes.heads) if scored else None
        table, query = self.dout, call.query
        if sizes.step != sizes.width:
            table = in_lanes(table[..., : sizes.width])
        if call.options.kind is Gat:
            query = stat  # begins with it
        record, apart = call.record(call.key, query), stat.shape[1]
        sums = stat.data_ptr() + 4 * (apart - 2 * sizes.heads)
        received = table.data_ptr(), self.dout.data_ptr(), sums, apart
        grads = dkey, dvalue, dedge_features, dscore
        written = *map(place, grads), place(dattention)

        def pull(blocks: tuple[int, int], work: int) -> None:
            kernels.pull_senders(blocks, rows.places, record, received, written, work)

        rows.walk(pull, call.work)
        return grads

    def _receivers(self, dscore: Tensor, dattention: Tensor | None) -> Tensor:
        rows, call = self.call.plan.by_receiver, self.call
        record, received = call.record(call.query, call.key), dscore.data_ptr()
        dquery = empty(*call.inputs.query.shape)
        behind = None if dattention is None else dattention[-rows.n_blocks :]
        written = dquery.data_ptr(), place(behind)

        def pull(blocks: tuple[int, int], work: int) -> None:
            kernels.pull_receivers(blocks, rows.places, record, received, written, work)

        rows.walk(pull, call.work)
        return dquery


def _partial(n_blocks: int, tensor: Tensor | None) -> Tensor | None:
    """Return zeros for every block's part of a gradient."""
    return None if tensor is None else zeros(n_blocks, *tensor.shape, dtype=np.float64)


def _summed(partial: Tensor | None, like: Tensor | None) -> Tensor | None:
    """Return the sum of all blocks' parts, cut to the width of their tensor."""
    if partial is None or like is None:
        return None
    whole = np.add.reduce(partial.numpy())[:, : like.shape[1]]
    return torch.from_numpy(whole.astype(np.float32))
