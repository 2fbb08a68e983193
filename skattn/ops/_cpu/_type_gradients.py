"""Gradients of the vectors of edge types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from skattn.ops._cpu._call import AttentionCall
from skattn.ops._cpu._edge_groups import SPILL
from skattn.ops._cpu._layout import addresses, whole_lanes, zeros
from skattn.ops._cpu._passes import n_type_sums
from skattn.ops._cpu._records import TypeSums

__all__ = ["TypeGradients"]


@dataclass(frozen=True, eq=False)
class TypeGradients:
    """Sums of the gradients of the vectors of types, by spans of blocks.

    A span is added up by one thread, in the order of its blocks, and spans do not
    depend on the number of threads.
    """

    call: AttentionCall
    span: int
    """Number of blocks of a span."""
    sums: Tensor
    """(n_spans, n_types, width) float64: key, then value, padded to whole lanes."""
    rest: Tensor
    """(n_spans, n_types, width) float32: sums of the last edges."""
    counts: Tensor
    """(n_spans, n_types) int64: number of edges."""

    @classmethod
    def of(cls, call: AttentionCall) -> TypeGradients:
        """Allocate the sums of a call, as zeros."""
        given = [x for x in (call.key_vectors, call.value_vectors) if x is not None]
        n_types = given[0].shape[0]
        width = sum(whole_lanes(x[0].numel()) for x in given)
        plan = call.plan
        n_blocks = plan.by_sender.n_blocks
        n_sums = n_type_sums(n_blocks, plan.n_senders, n_types)
        span = max(-(-n_blocks // n_sums), 1)
        shape = -(-n_blocks // span), n_types
        return cls(
            call,
            span,
            zeros(*shape, width, dtype=np.float64),
            zeros(*shape, width, dtype=np.float32),
            zeros(*shape, dtype=np.int64),
        )

    @property
    def record(self) -> tuple[tuple[Any, ...], int]:
        """The record `TypeSums`, and the number of blocks of a span."""
        _, n_types, width = self.sums.shape
        sums, rest, counts = addresses(self.sums, self.rest, self.counts)
        record = TypeSums(sums, rest, counts, self.span, n_types, width)
        return tuple(record), self.span

    def total(self) -> list[Tensor | None]:
        """Return the gradients of the vectors of keys and of values."""
        total = self.rest.sum(0).double()
        many = (self.counts >= SPILL).any(0)  # the others have no float64 sums
        total[many] += self.sums[:, many].sum(0)
        total = total.float()
        call, start = self.call, 0
        found: list[Tensor | None] = []
        for padded, given in (
            (call.key_vectors, call.inputs.key_vectors),
            (call.value_vectors, call.inputs.value_vectors),
        ):
            if padded is None or given is None:
                found.append(None)
                continue
            rows = total[:, start : start + padded[0].numel()].reshape(padded.shape)
            found.append(rows[..., : given.shape[-1]].contiguous())
            start += whole_lanes(padded[0].numel())
        return found
