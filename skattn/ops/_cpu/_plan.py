"""Edges in the layout of the CPU kernels: CSR by receiver and by sender, in blocks.

Blocks have about equally many edges. Their number does not depend on the number of
threads, so that sums over blocks are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from skattn.ops._cpu import _csr as csr
from skattn.ops._cpu._layout import address
from skattn.ops._cpu._passes import n_blocks_of
from skattn.ops._cpu._records import Rows
from skattn.ops._edges import Edges
from skattn.ops._threads import run_blocks

__all__ = ["BlockedRows", "Plan", "plan_of"]

_HUB = 256  # receivers of one sender that may be summed in float32
_INT32 = torch.iinfo(torch.int32).max

_Kernel = Callable[..., None]


@dataclass(frozen=True, eq=False)
class BlockedRows:
    """CSR of the edges in one direction, cut into blocks of rows."""

    indptr: Tensor
    """(n_rows + 1,) int64."""
    others: Tensor
    """(n_edges,): the node at the other end of each entry; int32 where it fits."""
    numbers: Tensor | None
    """(n_edges,): edge number of each entry; None if it is the position."""

    cuts: Tensor = field(init=False)
    """Bounds of the blocks: block b has the rows cuts[b] to cuts[b + 1]."""

    def __post_init__(self) -> None:
        """Cut the rows before threads share them: kernels have only the address."""
        n_rows = len(self.indptr) - 1
        n_blocks = n_blocks_of(len(self.others), n_rows)
        cuts = torch.empty(n_blocks + 1, dtype=torch.int64, device="cpu")
        csr.cut_rows(self.indptr.data_ptr(), n_rows, n_blocks, cuts.data_ptr())
        object.__setattr__(self, "cuts", cuts)

    @property
    def n_blocks(self) -> int:
        """Number of blocks; 0 without rows."""
        return len(self.cuts) - 1

    @cached_property
    def addresses(self) -> tuple[int, ...]:
        """Addresses of the arrays, in the order of the record `Rows`."""
        rows = Rows(
            cuts=self.cuts.data_ptr(),
            indptr=self.indptr.data_ptr(),
            others=self.others.data_ptr(),
            numbers=address(self.numbers),
            wide=self.others.dtype == torch.int64,
        )
        return tuple(rows)

    def run(
        self,
        kernel: _Kernel,
        arguments: tuple[Any, ...],
        work: Tensor,
        span: int = 1,
    ) -> None:
        """Call ``kernel(first, stop, rows, *arguments, workspace)`` on all blocks.

        One thread runs `span` blocks, in order. `work`, a workspace of zeros, serves
        one call at a time; kernels restore the zeros that they rely on.
        """
        if torch.get_num_threads() == 1:  # avoids the overhead of the pool
            kernel(0, self.n_blocks, self.addresses, *arguments, work.data_ptr())
            return

        def run_span(number: int) -> None:
            own = torch.zeros_like(work)
            first, stop = number * span, min((number + 1) * span, self.n_blocks)
            kernel(first, stop, self.addresses, *arguments, own.data_ptr())

        run_blocks(-(-self.n_blocks // span), run_span)


@dataclass(frozen=True, eq=False)
class Plan:
    """Edges in CSR by receiver and by sender."""

    by_receiver: BlockedRows
    """The edges sorted by receiver, in the order of their numbers."""
    n_senders: int
    """Number of rows of the CSR by sender."""

    @cached_property
    def has_hubs(self) -> bool:
        """Whether some sender has many receivers.

        Sums over them need float64, which only a pass by sender has.
        """
        others = self.by_receiver.others
        return len(others) > _HUB and int(others.bincount().max()) > _HUB

    @cached_property
    def by_sender(self) -> BlockedRows:
        """The same edges sorted by sender; made when first needed."""
        rows = self.by_receiver
        indptr = torch.zeros(self.n_senders + 1, dtype=torch.int64, device="cpu")
        receivers = torch.empty_like(rows.others)
        numbers = torch.empty_like(rows.others)
        arrays = indptr.data_ptr(), receivers.data_ptr(), numbers.data_ptr()
        sizes = len(rows.indptr) - 1, self.n_senders
        csr.transpose(rows.addresses, *arrays, sizes)
        return BlockedRows(indptr, receivers, numbers)


_PLANS: WeakKeyDictionary[Edges, Plan] = WeakKeyDictionary()


def plan_of(edges: Edges) -> Plan:
    """Return the plan of some edges, cached as long as the edges live.

    If concurrent calls both make one, the first to finish is kept.
    """
    plan = _PLANS.get(edges)
    if plan is None:
        largest = max(edges.n_senders, edges.n_edges, edges.n_receivers)
        dtype = torch.int32 if largest <= _INT32 else torch.int64
        senders = edges.senders.to(dtype).contiguous()
        rows = BlockedRows(edges.indptr.contiguous(), senders, None)
        plan = _PLANS.setdefault(edges, Plan(rows, edges.n_senders))
    return plan
