"""What the CPU kernels need to know of some edges, worked out once.

Rows are cut into blocks of about equally many edges. Their number depends on the edges
alone, so that sums over blocks are the same, bit for bit, for any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from skattn.ops._cpu import _kernels as kernels
from skattn.ops._edges import Edges

Array = np.ndarray[Any, Any]

_EDGES_PER_BLOCK = 2048  # less is one block, which the calling thread walks by itself
_MAX_BLOCKS = 64  # 2 to 64 measure the same; more would only cost partial sums


@dataclass(frozen=True, eq=False)
class Rows:
    """One direction of the edges: compressed rows and how they are cut into blocks."""

    indptr: Array
    """(n_rows + 1,) int64."""
    others: Array
    """(n_edges,): the node at the other end of each entry; int32 where it fits."""
    numbers: Array
    """(n_edges,): the number of each entry's edge; empty if that is its position."""

    @cached_property
    def cuts(self) -> list[int]:
        """Where blocks start and end: block b holds rows cuts[b] to cuts[b + 1]."""
        work = self.indptr + np.arange(len(self.indptr))  # a row costs something too
        n_blocks = int(np.clip(len(self.others) // _EDGES_PER_BLOCK, 1, _MAX_BLOCKS))
        inner = np.searchsorted(work, np.linspace(0, work[-1], n_blocks + 1)[1:-1])
        return [int(cut) for cut in np.unique([0, *inner, len(self.indptr) - 1])]

    @property
    def by_position(self) -> tuple[Array, Array]:
        """What kernels take that number edges by their position."""
        return self.indptr, self.others

    @property
    def by_number(self) -> tuple[Array, Array, Array]:
        """What kernels take that look the number of an edge up."""
        return self.indptr, self.others, self.numbers

    @property
    def n_blocks(self) -> int:
        """Number of blocks; 0 without rows."""
        return len(self.cuts) - 1


@dataclass(frozen=True, eq=False)
class Plan:
    """Edges as arrays, by receiver and by sender."""

    by_receiver: Rows
    """The edges as they are numbered."""
    n_senders: int
    """Number of rows by sender."""

    @cached_property
    def by_sender(self) -> Rows:
        """The same edges sorted by sender; made when a gradient first asks."""
        rows = self.by_receiver
        n_edges = len(rows.others)
        indptr = np.zeros(self.n_senders + 1, np.int64)
        receivers = np.empty(n_edges, _index_type(len(rows.indptr)))
        numbers = np.empty(n_edges, _index_type(n_edges))
        kernels.transpose(rows.indptr, rows.others, indptr, receivers, numbers)
        return Rows(indptr, receivers, numbers)


_PLANS: WeakKeyDictionary[Edges, Plan] = WeakKeyDictionary()


def plan_of(edges: Edges) -> Plan:
    """Return the plan of some edges, kept for as long as they live.

    Two threads that ask at once may both make one; the first to finish is kept.
    """
    plan = _PLANS.get(edges)
    if plan is None:
        senders = to_array(edges.senders)
        senders = senders.astype(_index_type(edges.n_senders), copy=False)
        rows = Rows(to_array(edges.indptr), senders, np.empty(0, senders.dtype))
        plan = _PLANS.setdefault(edges, Plan(rows, edges.n_senders))
    return plan


def to_array(tensor: Tensor) -> Array:
    """Look at a tensor as a contiguous array."""
    array: Array = tensor.detach().contiguous().numpy()
    return array


def empty(*shape: int) -> Tensor:
    """Return an uninitialised float32 tensor in memory that numpy asked for.

    numpy asks for huge pages and torch does not: 12 % of a walk, and a fresh buffer of
    173 MB costs 76 ms in small pages.
    """
    return torch.from_numpy(np.empty(shape, np.float32))


def dropping(p: float, seed: int) -> tuple[Any, Any, Any]:
    """Return what the kernels draw by: threshold, seed and scale of what is kept."""
    low = np.uint32(int(p * 2**32))
    return low, np.uint64(seed & (2**64 - 1)), np.float32(1 / (1 - p))


def _index_type(n: int) -> type[np.signedinteger[Any]]:
    return np.int32 if n <= np.iinfo(np.int32).max else np.int64
