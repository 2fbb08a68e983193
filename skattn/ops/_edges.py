"""Edges of a graph in compressed sparse rows (CSR)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

__all__ = ["Edges"]


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges of a graph in compressed sparse rows (CSR): the senders of every receiver.

    Receiver ``i`` attends to ``senders[indptr[i]:indptr[i + 1]]``. Edges are numbered
    in the order of ``senders`` and may repeat. Receivers and senders may be different
    sets of nodes.

    The constructor does not validate its arguments; use
    :meth:`~skattn.ops.Edges.from_csr` for arrays that may be invalid.

    Examples
    --------
    Node 0 attends to nodes 0 and 1; node 1 attends to itself.

    >>> from skattn.ops import Edges
    >>> Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
    Edges(n_receivers=2, n_senders=2, n_edges=3)
    """

    indptr: Tensor
    """(n_receivers + 1,) int64: start of each receiver's senders, and their end."""
    senders: Tensor
    """(n_edges,) int32 or int64: sender of each edge; int32 is faster."""
    n_senders: int
    """Number of possible senders."""

    @classmethod
    def from_csr(cls, indptr: Any, senders: Any, n_senders: int) -> Edges:
        """Make edges from the arrays of a CSR matrix, with validation.

        Parameters
        ----------
        indptr : array-like of shape (n_receivers + 1,)
            Start of each receiver's senders, and their end; integers.
        senders : array-like of shape (n_edges,)
            Senders of receiver 0, of receiver 1, and so on; integers.
        n_senders : int
            Number of possible senders.

        Returns
        -------
        Edges
            With ``indptr`` in int64, and ``senders`` in int32 if ``n_senders`` fits.

        Raises
        ------
        ValueError
            If the arrays are not one-dimensional integer arrays of a valid CSR matrix.

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> from skattn.ops import Edges
        >>> adjacency = csr_array([[1, 1], [0, 1]])
        >>> edges = Edges.from_csr(adjacency.indptr, adjacency.indices, n_senders=2)
        >>> edges.n_receivers, edges.n_edges, edges.receivers.tolist()
        (2, 3, [0, 0, 1])
        """
        indptr, senders = torch.as_tensor(indptr), torch.as_tensor(senders)
        if senders.numel() == 0:  # an empty list becomes float
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
        """Number of receivers."""
        return self.indptr.shape[0] - 1

    @property
    def n_edges(self) -> int:
        """Number of edges, with repetitions."""
        return self.senders.shape[0]

    @cached_property
    def receivers(self) -> Tensor:
        """Receiver of each edge, (n_edges,), in the dtype of ``senders``."""
        numbers = torch.arange(
            self.n_receivers, dtype=self.senders.dtype, device=self.indptr.device
        )
        return numbers.repeat_interleave(
            self.indptr.diff(), output_size=self.n_edges
        )  # (n_edges,)

    def to(self, device: torch.device | str) -> Edges:
        """Copy to a device.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        Edges
            The copy, or ``self`` if already on the device.
        """
        indptr, senders = self.indptr.to(device), self.senders.to(device)
        if indptr is self.indptr and senders is self.senders:
            return self
        return Edges(indptr, senders, self.n_senders)

    def span(self, low: int, high: int) -> tuple[int, int]:
        """Return the first edge of a range of receivers, and the end of the last one.

        Parameters
        ----------
        low, high : int
            Receivers ``low`` to ``high - 1``.

        Returns
        -------
        first, last : int
            The edges are ``first`` to ``last - 1``; read from the device.
        """
        first, last = self.indptr[[low, high]].tolist()
        return first, last

    def part(
        self,
        low: int,
        high: int,
        n_senders: int | None = None,
        *,
        span: tuple[int, int] | None = None,
    ) -> Edges:
        """Select the edges of a range of receivers.

        Parameters
        ----------
        low, high : int
            Receivers ``low`` to ``high - 1``, renumbered from 0.
        n_senders : int, optional
            Number of possible senders; unchanged if not given.
        span : tuple of (int, int), optional
            Result of :meth:`span`, if it is known.

        Returns
        -------
        Edges
            The selected edges; ``senders`` is a view.

        Examples
        --------
        >>> from skattn.ops import Edges
        >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
        >>> edges.part(1, 2)
        Edges(n_receivers=1, n_senders=2, n_edges=1)
        """
        indptr = self.indptr[low : high + 1]
        first, last = self.span(low, high) if span is None else span
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
        raise ValueError(
            "indptr must not decrease. Pass the indptr and indices of one "
            "scipy.sparse.csr_array."
        )


def _check_numbers(senders: Tensor, n_senders: int) -> None:
    if not len(senders):
        return
    low, high = int(senders.min()), int(senders.max())
    if low < 0 or high >= n_senders:
        raise ValueError(
            f"senders must lie between 0 and n_senders - 1 ({n_senders - 1}), got "
            f"numbers from {low} to {high}. Pass the total number of nodes as "
            "n_senders."
        )
