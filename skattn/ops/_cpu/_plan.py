"""What the CPU kernels need to know of some edges, worked out once.

Rows are cut into blocks of about equally many edges. Their number depends on the edges
alone, so that sums over blocks are the same, bit for bit, for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable as once_only
from torch.nn.functional import pad

from skattn.ops._cpu import _kernels as kernels
from skattn.ops._edges import Edges
from skattn.ops._scores import FEW_EDGES
from skattn.ops._threads import run_blocks

_EDGES_PER_BLOCK = FEW_EDGES // 2
_CROWD = 256  # receivers; as many as walks sum in float32 before they move on
_MAX_BLOCKS = 64  # 2 to 64 measure the same; more would only cost partial sums
_L2 = 1 << 20  # bytes; of tables that fit, whatever the row, asking costs 0 to 5 %
_INT32 = torch.iinfo(torch.int32).max

_Kernel = Callable[[tuple[int, int], int], None]
_Backward = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Rows:
    """One direction of the edges: compressed rows and how they are cut into blocks."""

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
        """Where blocks start and end: block b holds rows cuts[b] to cuts[b + 1]."""
        cuts = torch.empty(self.n_blocks + 1, dtype=torch.int64)
        n_rows = len(self.indptr) - 1
        kernels.cut_rows(self.indptr.data_ptr(), n_rows, self.n_blocks, cuts.data_ptr())
        return cuts

    @cached_property
    def places(self) -> Any:
        """Where the arrays lie, as kernels take it."""
        return kernels.Rows(
            cuts=self.cuts.data_ptr(),
            indptr=self.indptr.data_ptr(),
            others=self.others.data_ptr(),
            numbers=0 if self.numbers is None else self.numbers.data_ptr(),
            wide=self.others.dtype == torch.int64,
        )

    def walk(self, kernel: _Kernel, work: Tensor) -> None:
        """Call ``kernel((first, last), address)`` until all blocks are done.

        `work` is what one call works in at a time: zeros, which walks leave zeros where
        they count on it.
        """
        if torch.get_num_threads() == 1:  # 5 us a call
            kernel((0, self.n_blocks), work.data_ptr())
            return

        def walk(block: int) -> None:
            own = torch.zeros_like(work)
            kernel((block, block + 1), own.data_ptr())

        run_blocks(self.n_blocks, walk)


@dataclass(frozen=True, eq=False)
class Plan:
    """Edges as arrays, by receiver and by sender."""

    by_receiver: Rows
    """The edges as they are numbered."""
    n_senders: int
    """Number of rows by sender."""

    @cached_property
    def has_crowds(self) -> bool:
        """Whether many receivers attend to one sender.

        Sums over them want float64, which only a walk by sender keeps: of 8000 equal
        gradients float32 loses 6e-5.
        """
        others = self.by_receiver.others
        return len(others) > _CROWD and int(others.bincount().max()) > _CROWD

    @cached_property
    def by_sender(self) -> Rows:
        """The same edges sorted by sender; made when a gradient first asks."""
        rows = self.by_receiver
        indptr = torch.zeros(self.n_senders + 1, dtype=torch.int64)
        found = torch.empty_like(rows.others), torch.empty_like(rows.others)
        sizes = len(rows.indptr) - 1, self.n_senders
        places = found[0].data_ptr(), found[1].data_ptr()
        kernels.transpose(rows.places, indptr.data_ptr(), places, sizes)
        return Rows(indptr, *found)


_PLANS: WeakKeyDictionary[Edges, Plan] = WeakKeyDictionary()


def plan_of(edges: Edges) -> Plan:
    """Return the plan of some edges, kept for as long as they live.

    Two threads that ask at once may both make one; the first to finish is kept.
    """
    plan = _PLANS.get(edges)
    if plan is None:
        largest = max(edges.n_senders, edges.n_edges, edges.n_receivers)
        dtype = torch.int32 if largest <= _INT32 else torch.int64
        senders = edges.senders.to(dtype).contiguous()
        rows = Rows(edges.indptr.contiguous(), senders, None)
        plan = _PLANS.setdefault(edges, Plan(rows, edges.n_senders))
    return plan


def once_differentiable(backward: _Backward) -> _Backward:
    """Refuse gradients of gradients, as torch's decorator; 5 us less where none are."""
    refusing = once_only(backward)

    def pull(ctx: Any, *grads: Any) -> Any:
        return (refusing if torch.is_grad_enabled() else backward)(ctx, *grads)

    return pull


def whole(width: int) -> int:
    """Return the width in whole lanes."""
    return -(-width // kernels.LANES) * kernels.LANES


def in_lanes(tensor: Tensor) -> Tensor:
    """Return a contiguous tensor with zeros behind every head up to whole lanes."""
    behind = -tensor.shape[-1] % kernels.LANES
    return pad(tensor, (0, behind)) if behind else tensor.contiguous()


def slots(n_heads: int) -> int:
    """Return how many places an edge has in a buffer, so that lanes begin at a head."""
    if n_heads > kernels.LANES:
        return whole(n_heads)
    return 1 << (n_heads - 1).bit_length()


def place(tensor: Tensor | None) -> int:
    """Return where a tensor lies, 0 for none; whoever asks keeps it alive."""
    return 0 if tensor is None else tensor.data_ptr()


def zeros(*shape: int, dtype: Any = np.uint8) -> Tensor:
    """Return zeros; 0.5 us, where torch takes 1.5."""
    return torch.from_numpy(np.zeros(shape, dtype))


def asked_ahead(*tables: Tensor) -> int:
    """Return how many edges ahead rows of tables are asked for."""
    return kernels.AHEAD if max(table.nbytes for table in tables) > _L2 else 0


def dropping(p: float, seed: int) -> tuple[int, int, int, float]:
    """Return what the kernels draw by: threshold, halves of the seed, scale."""
    return int(p * 2**32), seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, 1 / (1 - p)
