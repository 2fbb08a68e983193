"""Edge attention on the CPU: buffers, blocks and gradients around the kernels.

What is kept between forward and backward is the inputs, the output and one log-sum-exp
per (receiver, head).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from skattn.ops._cpu import _kernels as kernels
from skattn.ops._cpu._plan import Array, Plan, Rows, dropping, empty, plan_of, to_array
from skattn.ops._edges import Edges
from skattn.ops._scores import Gat, GatV2, Score
from skattn.ops._threads import run_blocks

__all__ = ["edge_attention"]


class _Options(NamedTuple):
    """What of a call is no tensor."""

    kind: type[Score]
    negative_slope: float
    dropout: float
    seed: int
    shared: bool


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
    attention = score.attention if isinstance(score, GatV2) else None
    shared = value is score.key
    options = _Options(type(score), slope, dropout, seed, shared)
    out: Tensor = _EdgeAttention.apply(
        plan_of(edges),
        options,
        score.query,
        score.key,
        attention,
        None if shared else value,
        bias,
        edge_features,
        offset,
    )
    return out


@dataclass(frozen=True, eq=False)
class _Arrays:
    """The tensors of a call as the kernels see them; absent ones have no elements."""

    query: Array
    key: Array
    attention: Array
    value: Array
    bias: Array
    edge_features: Array
    offset: Array

    @classmethod
    def of(cls, tensors: tuple[Tensor | None, ...]) -> _Arrays:
        query, key, attention, value, bias, edge_features, offset = (
            None if tensor is None else to_array(tensor) for tensor in tensors
        )
        assert query is not None
        assert key is not None
        value = key if value is None else value
        return cls(
            query=query,
            key=key,
            attention=_or_zeros(attention, (0, 0)),
            value=value,
            bias=_or_zeros(bias, (0, 0)),
            edge_features=_or_zeros(edge_features, (0, 0)),
            offset=_or_zeros(offset, (0, value.shape[2])),
        )

    @property
    def extras(self) -> tuple[Array, Array, Array]:
        return self.bias, self.edge_features, self.offset

    def score(self, options: _Options, *, by_sender: bool) -> Any:
        """Return the kernels' record of the score, from the side of who is walked."""
        mine, theirs = self.query, self.key
        if by_sender:
            mine, theirs = theirs, mine
        slope = np.float32(options.negative_slope)
        if options.kind is Gat:
            return kernels.Gat(mine, theirs, slope)
        if options.kind is GatV2:
            return kernels.GatV2(mine, theirs, self.attention, slope)
        return kernels.Dot(mine, theirs, np.float32(1 / math.sqrt(mine.shape[2])))


class _EdgeAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, plan: Plan, options: _Options, *tensors: Tensor | None
    ) -> Any:
        arrays = _Arrays.of(tensors)
        n_receivers, (H, C) = len(arrays.query), arrays.value.shape[1:]
        out = empty(n_receivers, H, C + arrays.edge_features.shape[1])
        lse = empty(n_receivers, H)
        rows, score = plan.by_receiver, arrays.score(options, by_sender=False)
        drop = dropping(options.dropout, options.seed)

        def attend(_block: int, low: int, high: int) -> None:
            kernels.attend(
                low, high, rows.by_position, score, arrays.value, arrays.extras, drop,
                (out.numpy(), lse.numpy()),
            )  # fmt: skip

        _walk(rows, attend)
        ctx.plan, ctx.options = plan, options
        ctx.save_for_backward(out, lse, *tensors)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        out, lse, *tensors = ctx.saved_tensors
        arrays, options = _Arrays.of(tuple(tensors)), ctx.options
        pull = _Pull(ctx.plan, options, arrays, to_array(dout))
        grads = pull.run(to_array(out), to_array(lse))
        needs = ctx.needs_input_grad[2:]
        return (
            None,
            None,
            *(g if n else None for g, n in zip(grads, needs, strict=True)),
        )


@dataclass(frozen=True, eq=False)
class _Pull:
    """The backward pass of one call."""

    plan: Plan
    options: _Options
    arrays: _Arrays
    dout: Array

    def run(self, out: Array, lse: Array) -> tuple[Tensor | None, ...]:
        """Return the gradients of all tensors, in the order of the call."""
        stat, doffset = self._row_sums(out, lse)
        grads, dscore, dattention = self._senders(stat)
        dquery, dattention_too = self._receivers(dscore.numpy())
        dkey, dvalue, dedge_features = grads
        dattention = (dattention + dattention_too).astype(np.float32)
        return (
            dquery,
            dkey,
            torch.from_numpy(dattention),
            None if self.options.shared else dvalue,
            dscore,
            dedge_features,
            torch.from_numpy(doffset.astype(np.float32)),
        )

    def _row_sums(self, out: Array, lse: Array) -> tuple[Array, Array]:
        rows, offset = self.plan.by_receiver, self.arrays.offset
        stat = np.empty((*lse.shape, 2), np.float32)
        doffset = np.zeros((rows.n_blocks, *offset.shape))

        def row_sums(block: int, low: int, high: int) -> None:
            kernels.row_sums(
                low, high, (out, self.dout, lse), offset, stat, doffset[block]
            )

        _walk(rows, row_sums)
        return stat, doffset.sum(0)

    def _senders(self, stat: Array) -> tuple[tuple[Tensor, ...], Tensor, Array]:
        rows, arrays = self.plan.by_sender, self.arrays
        score = arrays.score(self.options, by_sender=True)
        drop = dropping(self.options.dropout, self.options.seed)
        call = (score, arrays.value, arrays.extras, drop)
        dkey = empty(*arrays.key.shape)
        dvalue = dkey if self.options.shared else empty(*arrays.value.shape)
        dedge_features = empty(*arrays.edge_features.shape)
        dscore = empty(len(rows.others), arrays.value.shape[1])
        grads = (dkey, dvalue, dedge_features, dscore)
        written = tuple(tensor.numpy() for tensor in grads)
        dattention = np.zeros((rows.n_blocks, *arrays.attention.shape))

        def pull(block: int, low: int, high: int) -> None:
            kernels.pull_senders(
                low, high, rows.by_number, call, (self.dout, stat), written,
                dattention[block],
            )  # fmt: skip

        _walk(rows, pull)
        return (dkey, dvalue, dedge_features), dscore, dattention.sum(0)

    def _receivers(self, dscore: Array) -> tuple[Tensor, Array]:
        rows, arrays = self.plan.by_receiver, self.arrays
        score = arrays.score(self.options, by_sender=False)
        dquery = empty(*arrays.query.shape)
        dattention = np.zeros((rows.n_blocks, *arrays.attention.shape))

        def pull(block: int, low: int, high: int) -> None:
            kernels.pull_receivers(
                low, high, rows.by_position, score, dscore, dquery.numpy(),
                dattention[block],
            )  # fmt: skip

        _walk(rows, pull)
        return dquery, dattention.sum(0)


def _walk(rows: Rows, kernel: Any) -> None:
    """Call kernel(block, low, high) for every block of rows."""
    cuts = rows.cuts
    run_blocks(rows.n_blocks, lambda b: kernel(b, cuts[b], cuts[b + 1]))


def _or_zeros(array: Array | None, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape, np.float32) if array is None else array
