"""Edges in the layout of the CUDA kernels: CSR by receiver, sender and type, in pieces.

A row of many edges is cut into pieces, each computed by a program of its own. A second
kernel adds the results of a row's pieces in order, so that sums repeat bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from skattn.ops._edges import Edges

__all__ = ["Plan", "Rows", "plan_of"]

_PIECE = 256  # edges of one program at most
_TYPE_PIECE = 1024  # the same by type: some types have most of the edges
_INT32 = torch.iinfo(torch.int32).max


@dataclass(frozen=True, eq=False)
class Rows:
    """CSR of the edges in one direction, and the pieces of its long rows."""

    indptr: Tensor
    """(n_rows + 1,) int64."""
    others: Tensor
    """(n_edges,): the node at the other end of each entry; int32 where it fits."""
    numbers: Tensor | None
    """(n_edges,): edge number of each entry; None if it is the position."""
    piece_rows: Tensor
    """(n_pieces,) int32: row of each piece."""
    piece_starts: Tensor
    """(n_pieces,) int64: first entry of each piece."""
    piece_size: int
    """Entries of a piece; rows with more entries are cut."""

    @classmethod
    def of(
        cls, indptr: Tensor, others: Tensor, numbers: Tensor | None, size: int
    ) -> Rows:
        """Cut the rows of a CSR into pieces of a size."""
        pieces = _cut(indptr, size if len(others) > size else 0)
        return cls(indptr, others, numbers, *pieces, size)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    @property
    def n_pieces(self) -> int:
        """Number of pieces; 0 if no row is cut."""
        return len(self.piece_rows)

    @property
    def n_items(self) -> int:
        """Number of pieces and rows; a row that is cut has an item with no work."""
        return self.n_pieces + self.n_rows

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of kernels by name."""
        return {
            "indptr": self.indptr,
            "others": self.others,
            "numbers": self.numbers,
            "piece_rows": self.piece_rows,
            "piece_starts": self.piece_starts,
            "n_pieces": self.n_pieces,
            "n_items": self.n_items,
            "PIECE": self.piece_size,
        }


def _cut(indptr: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return row and first entry of every piece; none if the size is 0."""
    degrees = indptr.diff()
    if not size:
        return degrees.new_empty(0, dtype=torch.int32), degrees.new_empty(0)
    counts = ((degrees + size - 1) // size).where(degrees > size, 0)
    stops = counts.cumsum(0)
    n_pieces = int(stops[-1])  # waits for the device, once per plan
    numbers = torch.arange(len(degrees), device=indptr.device)
    rows = numbers.repeat_interleave(counts, output_size=n_pieces)
    within = torch.arange(n_pieces, device=indptr.device) - (stops - counts)[rows]
    return rows.to(torch.int32), indptr[rows] + within * size


@dataclass(frozen=True, eq=False)
class Plan:
    """Edges in CSR by receiver, by sender and by type."""

    by_receiver: Rows
    """The edges sorted by receiver, in the order of their numbers."""
    n_senders: int
    """Number of rows of the CSR by sender."""

    @cached_property
    def by_sender(self) -> Rows:
        """The same edges sorted by sender; made when first needed.

        Threads may both make it; each keeps alive the one that it uses.
        """
        return self._sorted_by(self.by_receiver.others, self.n_senders, _PIECE)

    def by_type(self, types: Tensor, n_types: int) -> Rows:
        """Return the same edges sorted by type; those of the last types are kept."""
        known = vars(self).get("_by_type")
        if known is None or known[0] is not types or known[1].n_rows != n_types:
            known = types, self._sorted_by(types, n_types, _TYPE_PIECE)
            vars(self)["_by_type"] = known
        rows: Rows = known[1]
        return rows

    def _sorted_by(self, groups: Tensor, n_groups: int, size: int) -> Rows:
        """Return a row per group of edges: their receivers and numbers, in order."""
        rows = self.by_receiver
        device, dtype = rows.others.device, rows.others.dtype
        ordered, numbers = groups.sort(stable=True)
        bounds = torch.arange(n_groups + 1, dtype=ordered.dtype, device=device)
        indptr = torch.searchsorted(ordered, bounds)
        nodes = torch.arange(rows.n_rows, dtype=dtype, device=device).repeat_interleave(
            rows.indptr.diff(), output_size=len(numbers)
        )
        return Rows.of(indptr, nodes[numbers], numbers.to(dtype), size)


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
        rows = Rows.of(edges.indptr.contiguous(), senders, None, _PIECE)
        plan = _PLANS.setdefault(edges, Plan(rows, edges.n_senders))
    return plan
