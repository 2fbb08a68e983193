"""Edge attention on the CPU: buffers, blocks and gradients around the kernels.

What is kept between forward and backward is the inputs, the output, one log-sum-exp per
(receiver, head) and, where edges are few, their scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
from skattn.ops._scores import Gat, GatV2, Score, sums_twice, walks_once

__all__ = ["edge_attention"]


class _Options(NamedTuple):
    """What of a call is no tensor."""

    kind: type[Score]
    negative_slope: float
    dropout: float
    seed: int
    is_recorded: bool
    """Whether gradients may be asked for."""


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
        _Options(type(score), slope, dropout, seed, torch.is_grad_enabled()),
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
        sums, scores = _Call(plan, options, inputs, ctx.needs_input_grad[2:]).attend()
        ctx.plan, ctx.options = plan, options
        ctx.save_for_backward(*inputs, scores, *sums)
        return sums[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        n = len(_Inputs._fields)
        inputs, (scores, *sums) = ctx.saved_tensors[:n], ctx.saved_tensors[n:]
        call = _Call(ctx.plan, ctx.options, _Inputs(*inputs))
        grads = None, None, *_Pull(call, sums, scores, dout.contiguous()).run()
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
        needs: Sequence[bool] = (False,) * len(_Inputs._fields),
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
        pulls = options.is_recorded and any(needs)
        self.keeps_scores = pulls and walks_once(n_edges) and not plan.has_crowds
        asked = needs[0] and not self.keeps_scores, needs[4]
        twice = sums_twice(options.kind, n_edges, n_sums, asked)
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

    def attend(self) -> tuple[list[Tensor], Tensor | None]:
        """Return the output, the log-sum-exps, those of second sums; and the scores."""
        rows, record = self.plan.by_receiver, self.record(self.query, self.key)
        n, heads, sizes = self.query.shape[0], self.sizes.heads, self.sizes
        sums: list[Tensor] = []
        while len(sums) * heads < 2 * sizes.sums:
            sums += empty(n, heads, sizes.width + sizes.features), empty(n, heads)
        n_edges = len(rows.others)
        scores = empty(n_edges, heads) if self.keeps_scores else None
        written = *map(place, sums), *[0] * (4 - len(sums)), place(scores)

        def attend(blocks: tuple[int, int], work: int) -> None:
            kernels.attend(blocks, rows.places, record, written, work)

        rows.walk(attend, self.work)
        return sums, scores


@dataclass(frozen=True, eq=False)
class _Pull:
    """The backward pass of one call."""

    call: _Call
    sums: list[Tensor]
    scores: Tensor | None
    """What `attend` returned, two of them."""
    dout: Tensor

    def run(self) -> tuple[Tensor | None, ...]:
        """Return the gradients of all tensors, in the order of the call."""
        call, inputs = self.call, self.call.inputs
        n_blocks = call.plan.by_receiver.n_blocks
        doffset = _partial(n_blocks, call.offset)
        dquery = empty(*inputs.query.shape) if len(self.sums) > 2 else None
        stat = self._row_sums(doffset, dquery)
        if self.scores is not None:
            dattention = _partial(n_blocks, call.attention)
            dquery, *grads = self._edges(stat, dattention, self.scores)
        else:
            n_blocks += call.plan.by_sender.n_blocks
            dattention = _partial(n_blocks, call.attention)
            grads = self._senders(stat, dattention, scored=dquery is None)
            if grads[-1] is not None:
                dquery = self._receivers(grads[-1], dattention)
        dkey, dvalue, dedge_features, dscore = grads
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
        gathered = call.options.kind is Gat and self.scores is None
        stat = empty(n, (2 + gathered) * heads)
        out, lse, above, lse_above = *map(place, self.sums), *[0] * (4 - len(self.sums))
        query = call.query.data_ptr() if gathered else 0
        received = kernels.Received(
            out, lse, self.dout.data_ptr(), place(call.offset),
            query, above, lse_above, call.options.negative_slope,
        )  # fmt: skip
        written = stat.data_ptr(), place(doffset), place(dquery)

        def row_sums(blocks: tuple[int, int], work: int) -> None:
            kernels.row_sums(blocks, rows.places, call.sizes, received, written, work)

        rows.walk(row_sums, call.work)
        return stat

    def _edges(
        self, stat: Tensor, dattention: Tensor | None, scores: Tensor
    ) -> list[Tensor | None]:
        rows, call, inputs = self.call.plan.by_receiver, self.call, self.call.inputs
        dquery, table = empty(*inputs.query.shape), self._dout_in_lanes()
        dkey = torch.zeros_like(call.key)
        dvalue = dkey if inputs.value is None else torch.zeros_like(call.value)
        dedge_features = empty(len(scores), call.sizes.features)
        dscore = None if inputs.bias is None else torch.empty_like(scores)
        record, apart = call.record(call.query, call.key), stat.shape[1]
        places = table.data_ptr(), self.dout.data_ptr(), stat.data_ptr()
        received = *places, apart, scores.data_ptr()
        edges = dedge_features.data_ptr(), place(dscore), place(dattention)
        written = dkey.data_ptr(), dvalue.data_ptr(), *edges, dquery.data_ptr()

        def pull(blocks: tuple[int, int], work: int) -> None:
            kernels.pull_edges(blocks, rows.places, record, received, written, work)

        rows.walk(pull, call.work)
        width, head_dim = call.sizes.width, inputs.key.shape[-1]
        grads = dkey[..., :head_dim], dvalue[..., :width], dedge_features, dscore
        return [dquery, *grads]

    def _senders(
        self, stat: Tensor, dattention: Tensor | None, *, scored: bool
    ) -> list[Tensor | None]:
        rows, call, inputs = self.call.plan.by_sender, self.call, self.call.inputs
        n_edges, sizes = rows.others.shape[0], call.sizes
        dkey = empty(*inputs.key.shape)
        dvalue = dkey if inputs.value is None else empty(*inputs.value.shape)
        dedge_features = empty(n_edges, sizes.features)
        dscore = empty(n_edges, sizes.heads) if scored else None
        table, query = self._dout_in_lanes(), call.query
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
        return list(grads)

    def _dout_in_lanes(self) -> Tensor:
        sizes = self.call.sizes
        if sizes.step == sizes.width:
            return self.dout
        return in_lanes(self.dout[..., : sizes.width])

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
