"""Arguments of an attention call in the kernels' layout, and its forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._buffers import empty
from skattn.ops._cpu import _forward_kernels as forward
from skattn.ops._cpu import _records as records
from skattn.ops._cpu._edge_groups import workspace_size
from skattn.ops._cpu._layout import (
    address,
    addresses,
    dropout_settings,
    in_lanes,
    slots,
    whole_lanes,
    zeros,
)
from skattn.ops._cpu._passes import is_single_pass, needs_second_sums, prefetch_distance
from skattn.ops._cpu._plan import Plan
from skattn.ops._cpu._records import HeadShape, Sizes
from skattn.ops._cpu._typed_kernels import typed_room
from skattn.ops._scores import Dot, Gat, GatV2, Score

__all__ = ["AttentionCall", "Options"]


class Options(NamedTuple):
    """Arguments of a call that are not tensors."""

    kind: type[Score]
    negative_slope: float
    dropout: float
    seed: int
    is_recorded: bool
    """Whether autograd records the call."""
    types: Tensor | None = None
    """(n_edges,) int32: type of each edge."""


_NO_GRADIENTS = Tensors(*[False] * len(Tensors._fields))


@lru_cache
def _workspace(
    heads: tuple[int, int],
    width: int,
    n_features: int,
    shape: HeadShape,
    ahead: int,
    *,
    is_typed: bool,
) -> tuple[Sizes, int]:
    """Return the sizes of a call and the bytes of its workspace.

    heads = (number of heads, number of weighted sums).
    """
    step = whole_lanes(width)
    columns = width + n_features if step == width else step
    sizes = Sizes(*heads, slots(heads[1]), width, step, n_features, columns, ahead)
    room = typed_room(shape, heads[0] * step) if is_typed else 0
    return sizes, workspace_size(sizes, shape) + room


class AttentionCall:
    """Tables of a call, padded to whole lanes."""

    def __init__(
        self,
        plan: Plan,
        options: Options,
        inputs: Tensors,
        needs: Tensors = _NO_GRADIENTS,
    ) -> None:
        query, key, attention, value, bias, edge_features, offset, *vectors = inputs
        self.plan, self.options, self.inputs = plan, options, inputs
        _, heads, width = (key if value is None else value).shape
        self.has_scalar_keys = options.kind is Gat  # one number per node and head
        if self.has_scalar_keys:  # all heads are laid out as one
            self.query, self.key = query.contiguous(), key.contiguous()
            self.shape = HeadShape(1, heads, heads)
        else:
            self.query, self.key = in_lanes(query), in_lanes(key)
            self.shape = HeadShape(heads, key.shape[2], self.key.shape[2])
        self.value = self.key if value is None else in_lanes(value)
        self.key_vectors, self.value_vectors = map(self._in_lanes, vectors)
        self.attention = None if attention is None else in_lanes(attention)
        self.bias = bias
        if bias is not None and not bias.is_contiguous():  # expanded
            self.bias = empty(*bias.shape).copy_(bias)
        self.features = None if edge_features is None else edge_features.contiguous()
        self.offset = None if offset is None else in_lanes(offset)
        n_features = 0 if edge_features is None else edge_features.shape[1]
        n_sums = len(query) * (width + n_features)
        self._choose_passes(needs, n_sums)
        sums = heads * (1 + self.has_second_sums)
        ahead = prefetch_distance(self.query, self.value)
        is_typed = options.types is not None
        widths = (heads, sums), width, n_features, self.shape, ahead
        self.sizes, size = _workspace(*widths, is_typed=is_typed)
        self.work = zeros(size)
        tables = self.value, self.bias, self.features, self.offset
        dropout = dropout_settings(options.dropout, options.seed)
        self._inputs = *addresses(*tables), *dropout

    def _in_lanes(self, vectors: Tensor | None) -> Tensor | None:
        """Return vectors of types in the layout of the rows that they join."""
        if vectors is None:
            return None
        return vectors.contiguous() if vectors.dim() == 2 else in_lanes(vectors)

    def _choose_passes(self, needs: Tensors, n_sums: int) -> None:
        plan, n_edges = self.plan, len(self.plan.by_receiver.others)
        backward = self.options.is_recorded and any(needs)
        once = is_single_pass(n_edges) and self.options.types is None
        self.keeps_scores = backward and once and not plan.has_hubs
        query = needs.query and not self.keeps_scores
        self.has_second_sums = self.has_scalar_keys and needs_second_sums(
            n_edges, n_sums, query=query, bias=needs.bias
        )

    def record(self, row_table: Tensor, gathered: Tensor) -> tuple[Any, ...]:
        """Return (score, `Sizes`, `Inputs`) for a pass by receiver or by sender."""
        score = _SCORE_RECORDS[self.options.kind](self, row_table, gathered)
        if self.options.types is not None:
            tables = self.options.types, self.key_vectors, self.value_vectors
            score = records.Typed(score, *self.shape, *addresses(*tables))
        return score, tuple(self.sizes), self._inputs

    def attend(self) -> tuple[list[Tensor], Tensor | None]:
        """Return [output, log-sum-exps], both again for second sums, and the scores."""
        rows, record = self.plan.by_receiver, self.record(self.query, self.key)
        n, heads, sizes = self.query.shape[0], self.sizes.heads, self.sizes
        sums: list[Tensor] = []
        while len(sums) * heads < 2 * sizes.sums:
            sums += empty(n, heads, sizes.width + sizes.features), empty(n, heads)
        n_edges = len(rows.others)
        scores = empty(n_edges, heads) if self.keeps_scores else None
        absent = [None] * (4 - len(sums))
        outputs = tuple(addresses(*sums, *absent, scores))
        rows.run(forward.attend, (record, outputs), self.work)
        return sums, scores


def _gat(call: AttentionCall, row_table: Tensor, gathered: Tensor) -> records.Gat:
    slope, stride = call.options.negative_slope, gathered.shape[1]
    ahead = min(call.sizes.ahead, prefetch_distance(gathered))
    tables = row_table.data_ptr(), gathered.data_ptr()
    return records.Gat(*tables, *call.shape, slope, stride, ahead)


def _gatv2(call: AttentionCall, row_table: Tensor, gathered: Tensor) -> records.GatV2:
    tables = row_table.data_ptr(), gathered.data_ptr()
    attention = address(call.attention)
    return records.GatV2(*tables, *call.shape, call.options.negative_slope, attention)


def _dot(call: AttentionCall, row_table: Tensor, gathered: Tensor) -> records.Dot:
    tables = row_table.data_ptr(), gathered.data_ptr()
    return records.Dot(*tables, *call.shape, 1 / math.sqrt(call.shape.width))


_SCORE_RECORDS: dict[type[Score], Callable[..., Any]] = {
    Gat: _gat,
    GatV2: _gatv2,
    Dot: _dot,
}
