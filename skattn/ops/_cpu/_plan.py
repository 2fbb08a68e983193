"""Edges in the layout of the CPU kernels: by receiver, by sender, cut into blocks.

Rows are cut into blocks of about equally many edges. Their number depends on the edges
alone, so that sums over blocks are the same, bit for bit, for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from skattn.ops._cpu import _csr as csr
from skattn.ops._cpu._layout import address
from skattn.ops._cpu._records import Rows
from skattn.ops._cpu._walk_plan import FEW_EDGES
from skattn.ops._edges import Edges
from skattn.ops._threads import run_blocks

__all__ = ["BlockedRows", "Plan", "plan_of"]

_EDGES_PER_BLOCK = FEW_EDGES // 2
_HUB = 256  # receivers of a sender; as many as walks sum in float32
_MAX_BLOCKS = 64  # more only cost partial sums
_INT32 = torch.iinfo(torch.int32).max

_Kernel = Callable[..., None]


@dataclass(frozen=True, eq=False)
class BlockedRows:
    """Compressed rows of the edges in one direction, cut into blocks."""

    indptr: Tensor
    """(n_rows + 1,) int64."""
    others: Tensor
    """(n_edges,): the node at the other end of each entry; int32 where it fits."""
    numbers: Tensor | None
    """(n_edges,): the number of each entry's edge; None if that is its position."""

    @cached_property
    def n_blocks(self) -> int:
        """Number of blocks; 0 without rows."""
        n_rows = len(self.indptr) - 1
        n_blocks = min(max(len(self.others) // _EDGES_PER_BLOCK, 1), _MAX_BLOCKS)
        return min(n_blocks, n_rows)

    @cached_property
    def cuts(self) -> Tensor:
        """Bounds of the blocks: block b holds rows cuts[b] to cuts[b + 1]."""
        cuts = torch.empty(self.n_blocks + 1, dtype=torch.int64)
        n_rows = len(self.indptr) - 1
        csr.cut_rows(self.indptr.data_ptr(), n_rows, self.n_blocks, cuts.data_ptr())
        return cuts

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

    def walk(self, kernel: _Kernel, arguments: tuple[Any, ...], work: Tensor) -> None:
        """Call ``kernel(first, stop, rows, *arguments, workspace)`` on all blocks.

        `work` is the workspace of one call at a time: zeros, which walks restore where
        they rely on them.
        """
        if torch.get_num_threads() == 1:  # 5 us a call
            kernel(0, self.n_blocks, self.addresses, *arguments, work.data_ptr())
            return

        def walk(block: int) -> None:
            own = torch.zeros_like(work)
            kernel(block, block + 1, self.addresses, *arguments, own.data_ptr())

        run_blocks(self.n_blocks, walk)


@dataclass(frozen=True, eq=False)
class Plan:
    """Edges as arrays, by receiver and by sender."""

    by_receiver: BlockedRows
    """The edges sorted by receiver, in the order of their numbers."""
    n_senders: int
    """Number of rows by sender."""

    @cached_property
    def has_hubs(self) -> bool:
        """Whether many receivers attend to one sender.

        Sums over them need float64, which only a walk by sender keeps.
        """
        others = self.by_receiver.others
        return len(others) > _HUB and int(others.bincount().max()) > _HUB

    @cached_property
    def by_sender(self) -> BlockedRows:
        """The same edges sorted by sender; made when a gradient first needs them."""
        rows = self.by_receiver
        indptr = torch.zeros(self.n_senders + 1, dtype=torch.int64)
        receivers = torch.empty_like(rows.others)
        numbers = torch.empty_like(rows.others)
        arrays = indptr.data_ptr(), receivers.data_ptr(), numbers.data_ptr()
        sizes = len(rows.indptr) - 1, self.n_senders
        csr.transpose(rows.addresses, *arrays, sizes)
        return BlockedRows(indptr, receivers, numbers)


_PLANS: WeakKeyDictionary[Edges, Plan] = WeakKeyDictionary()


def plan_of(edges: Edges) -> Plan:
    """Return the plan of edges, cached for as long as they live.

    Concurrent calls may both make one; the first to finish is kept.
    """
    plan = _PLANS.get(edges)
    if plan is None:
        largest = max(edges.n_senders, edges.n_edges, edges.n_receivers)
        dtype = torch.int32 if largest <= _INT32 else torch.int64
        senders = edges.senders.to(dtype).contiguous()
        rows = BlockedRows(edges.indptr.contiguous(), senders, None)
        plan = _PLANS.setdefault(edges, Plan(rows, edges.n_senders))
    return plan
