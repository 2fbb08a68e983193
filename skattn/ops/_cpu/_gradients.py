"""Backward pass of an attention call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from skattn.ops._buffers import empty
from skattn.ops._cpu import _backward_kernels as backward
from skattn.ops._cpu._call import AttentionCall
from skattn.ops._cpu._layout import address, addresses, in_lanes, zeros
from skattn.ops._cpu._records import Forward, Upstream
from skattn.ops._cpu._type_gradients import TypeGradients

__all__ = ["AttentionGradients"]


@dataclass(frozen=True, eq=False)
class AttentionGradients:
    """Computation of the gradients of all tensors of a call."""

    call: AttentionCall
    sums: list[Tensor]
    """Output and log-sum-exps of the forward pass; both again for its second sums."""
    scores: Tensor | None
    """Edge scores kept by the forward pass; None to recompute them."""
    dout: Tensor

    def compute(self) -> tuple[Tensor | None, ...]:
        """Return the gradients of all tensors, in the order of `Tensors`."""
        call, inputs = self.call, self.call.inputs
        n_blocks = call.plan.by_receiver.n_blocks
        doffset = _partial(n_blocks, call.offset)
        dquery = empty(*inputs.query.shape) if len(self.sums) > 2 else None
        stat = self._statistics(doffset, dquery)
        type_sums = None if call.options.types is None else TypeGradients.of(call)
        if self.scores is not None:
            dattention = _partial(n_blocks, call.attention)
            dquery, *grads = self._in_single_pass(stat, dattention, self.scores)
        else:
            n_blocks += call.plan.by_sender.n_blocks
            dattention = _partial(n_blocks, call.attention)
            grads = self._by_sender(stat, dattention, type_sums, scored=dquery is None)
            if grads[-1] is not None:
                dquery = self._by_receiver(grads[-1], dattention)
        dkey, dvalue, dedge_features, dscore = grads
        return (
            dquery,
            dkey,
            _summed(dattention, inputs.attention),
            None if inputs.value is None else dvalue,
            dscore,
            dedge_features,
            _summed(doffset, inputs.offset),
            *((None, None) if type_sums is None else type_sums.total()),
        )

    def _statistics(self, doffset: Tensor | None, dquery: Tensor | None) -> Tensor:
        """Return the statistics of every receiver, gathered by its edges."""
        rows, call = self.call.plan.by_receiver, self.call
        n, heads = self.sums[1].shape
        has_queries = call.has_scalar_keys and self.scores is None
        stat = empty(n, (2 + has_queries) * heads)
        absent = [None] * (4 - len(self.sums))
        out, lse, above, lse_above = addresses(*self.sums, *absent)
        forward = Forward(
            out=out,
            lse=lse,
            dout=self.dout.data_ptr(),
            offset=address(call.offset),
            query=call.query.data_ptr() if has_queries else 0,
            above=above,
            lse_above=lse_above,
            slope=call.options.negative_slope,
        )
        written = tuple(addresses(stat, doffset, dquery))
        rows.run(
            backward.row_statistics,
            (tuple(call.sizes), tuple(forward), written),
            call.work,
        )
        return stat

    def _in_single_pass(
        self, stat: Tensor, dattention: Tensor | None, scores: Tensor
    ) -> list[Tensor | None]:
        rows, call, inputs = self.call.plan.by_receiver, self.call, self.call.inputs
        dquery, table = empty(*inputs.query.shape), self._dout_in_lanes()
        dkey = torch.zeros_like(call.key)
        dvalue = dkey if inputs.value is None else torch.zeros_like(call.value)
        dedge_features = empty(len(scores), call.sizes.features)
        dscore = None if inputs.bias is None else torch.empty_like(scores)
        record = call.record(call.query, call.key)
        upstream = Upstream(
            table=table.data_ptr(),
            dout=self.dout.data_ptr(),
            stat=stat.data_ptr(),
            stat_stride=stat.shape[1],
            scores=scores.data_ptr(),
        )
        tables = dkey, dvalue, dedge_features, dscore, dattention, dquery
        written = *addresses(*tables), 0
        rows.run(
            backward.fused_gradients, (record, tuple(upstream), written), call.work
        )
        width, head_dim = call.sizes.width, inputs.key.shape[-1]
        grads = dkey[..., :head_dim], dvalue[..., :width], dedge_features, dscore
        return [dquery, *grads]

    def _by_sender(
        self,
        stat: Tensor,
        dattention: Tensor | None,
        type_sums: TypeGradients | None,
        *,
        scored: bool,
    ) -> list[Tensor | None]:
        rows, call, inputs = self.call.plan.by_sender, self.call, self.call.inputs
        n_edges, sizes = rows.others.shape[0], call.sizes
        dkey = empty(*inputs.key.shape)
        dvalue = dkey if inputs.value is None else empty(*inputs.value.shape)
        dedge_features = empty(n_edges, sizes.features)
        dscore = empty(n_edges, sizes.heads) if scored else None
        table, stride = self._dout_in_lanes(), stat.shape[1]
        query = (
            stat if call.has_scalar_keys else call.query
        )  # the first columns of stat
        record = call.record(call.key, query)
        upstream = Upstream(
            table=table.data_ptr(),
            dout=self.dout.data_ptr(),
            stat=stat.data_ptr() + 4 * (stride - 2 * sizes.heads),
            stat_stride=stride,
            scores=0,
        )
        grads = dkey, dvalue, dedge_features, dscore
        of_types, span = (0, 1) if type_sums is None else type_sums.record
        written = *addresses(*grads, dattention, None), of_types
        arguments = record, tuple(upstream), written
        rows.run(backward.sender_gradients, arguments, call.work, span)
        return list(grads)

    def _by_receiver(self, dscore: Tensor, dattention: Tensor | None) -> Tensor:
        rows, call = self.call.plan.by_receiver, self.call
        record, upstream = call.record(call.query, call.key), dscore.data_ptr()
        dquery = empty(*call.inputs.query.shape)
        last = None if dattention is None else dattention[-rows.n_blocks :]
        written = 0, 0, 0, 0, address(last), dquery.data_ptr(), 0
        rows.run(backward.receiver_gradients, (record, upstream, written), call.work)
        return dquery

    def _dout_in_lanes(self) -> Tensor:
        sizes = self.call.sizes
        if sizes.step == sizes.width:
            return self.dout
        return in_lanes(self.dout[..., : sizes.width])


def _partial(n_blocks: int, tensor: Tensor | None) -> Tensor | None:
    """Allocate the partial sums of a gradient, one per block, as zeros."""
    return None if tensor is None else zeros(n_blocks, *tensor.shape, dtype=np.float64)


def _summed(partial: Tensor | None, like: Tensor | None) -> Tensor | None:
    """Add the partial sums of a gradient over all blocks, without padding."""
    if partial is None or like is None:
        return None
    total = np.add.reduce(partial.numpy())[:, : like.shape[1]]
    return torch.from_numpy(total.astype(np.float32))
