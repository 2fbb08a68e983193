"""The edges of a graph as tensors in compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

__all__ = ["Edges"]


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges as senders of every receiver, in compressed sparse rows.

    Receiver ``i`` attends to ``senders[indptr[i]:indptr[i + 1]]``; the position in
    `senders` is the number of the edge. Receivers and senders may be different nodes
    and differ in number; an edge may occur more than once.

    The constructor does not check its arguments, and neither do kernels; `from_csr`
    does.
    """

    indptr: Tensor
    """(n_receivers + 1,) int64: where the senders of each receiver start."""
    senders: Tensor
    """(n_edges,) int32 or int64: the sender of each edge; int32 is a third faster."""
    n_senders: int
    """Number of nodes that may be attended to."""

    @classmethod
    def from_csr(cls, indptr: Any, senders: Any, n_senders: int) -> Edges:
        """Make edges from compressed sparse rows, checked.

        Parameters
        ----------
        indptr : array-like of shape (n_receivers + 1,)
            Offset of each receiver's senders; integers.
        senders : array-like of shape (n_edges,)
            Numbers of the senders, receiver after receiver.
        n_senders : int
            Number of nodes that may be attended to.

        Returns
        -------
        Edges
            With `indptr` in int64 and `senders` in int32 where the numbers fit.

        Raises
        ------
        ValueError
            If the arrays are not one-dimensional integers that describe such rows.

        Examples
        --------
        >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
        >>> edges.n_receivers, edges.n_edges
        (2, 3)
        """
        indptr, senders = torch.as_tensor(indptr), torch.as_tensor(senders)
        if senders.numel() == 0:  # an empty list has no integer type of its own
            senders = senders.to(torch.int32)
        _check_rows(indptr, senders)
        _check_numbers(senders, n_senders)
        small = n_senders <= torch.iinfo(torch.int32).max
        return cls(
            indptr=indptr.to(torch.int64).contiguous(),
            senders=senders.to(torch.int32 if small else torch.int64).contiguous(),
            n_senders=int(n_senders),
        )

    @property
    def n_receivers(self) -> int:
        """Number of nodes that attend."""
        return self.indptr.shape[0] - 1

    @property
    def n_edges(self) -> int:
        """Number of edges, repeated ones counted as often as they occur."""
        return self.senders.shape[0]

    @cached_property
    def receivers(self) -> Tensor:
        """The receiver of each edge: (n_edges,), of the type of `senders`."""
        numbers = torch.arange(
            self.n_receivers, dtype=self.senders.dtype, device=self.indptr.device
        )
        return numbers.repeat_interleave(
            self.indptr.diff(), output_size=self.n_edges
        )  # (n_edges,)

    def to(self, device: torch.device | str) -> Edges:
        """Return the same edges on a device.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        Edges
            The edges; itself if already on the device.
        """
        indptr, senders = self.indptr.to(device), self.senders.to(device)
        if indptr is self.indptr and senders is self.senders:
            return self
        return Edges(indptr, senders, self.n_senders)

    def part(self, low: int, high: int, n_senders: int | None = None) -> Edges:
        """Keep the edges of some receivers.

        Parameters
        ----------
        low, high : int
            From receiver `low` up to, without, `high`.
        n_senders : int, optional
            Number of nodes that may be attended to; as before if not given.

        Returns
        -------
        Edges
            The edges; senders keep their numbers and share memory.

        Examples
        --------
        >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
        >>> edges.part(1, 2)
        Edges(n_receivers=1, n_senders=2, n_edges=1)
        """
        indptr = self.indptr[low : high + 1]
        first, last = indptr[[0, -1]].tolist()
        n_senders = self.n_senders if n_senders is None else n_senders
        return Edges(indptr - first, self.senders[first:last], n_senders)

    def __repr__(self) -> str:
        return (
            f"Edges(n_receivers={self.n_receivers}, n_senders={self.n_senders}, "
            f"n_edges={self.n_edges})"
        )


def _check_rows(indptr: Tensor, senders: Tensor) -> None:
    for name, array in (("indptr", indptr), ("senders", senders)):
        if array.dim() != 1 or array.is_floating_point() or array.dtype == torch.bool:
            raise ValueError(
                f"{name} must be a one-dimensional array of integers, got shape "
                f"{tuple(array.shape)} of {array.dtype}."
            )
    ends = (int(indptr[0]), int(indptr[-1])) if len(indptr) else None
    if ends != (0, len(senders)):
        raise ValueError(
            f"indptr must start at 0 and end at the number of senders "
            f"({len(senders)}), got {ends}. Pass the indptr and indices of one "
            "scipy.sparse.csr_array."
        )
    if bool((indptr.diff() < 0).any()):
        raise ValueError("indptr must not decrease; the rows of a CSR array never do.")


def _check_numbers(senders: Tensor, n_senders: int) -> None:
    if not len(senders):
        return
    low, high = int(senders.min()), int(senders.max())
    if low < 0 or high >= n_senders:
        raise ValueError(
            f"senders must lie between 0 and n_senders - 1 ({n_senders - 1}), got "
            f"numbers from {low} to {high}. Pass the number of nodes that may be "
            "attended to as n_senders."
        )
