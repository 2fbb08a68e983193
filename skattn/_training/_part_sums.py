"""Sums over the microbatches of a batch, in several threads and processes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from skattn._training._processes import Place, Processes
from skattn._training._tree_sum import (
    even_ranges,
    subtrees_within,
    sum_of_subtrees,
    tree_sum,
)


@dataclass(frozen=True, eq=False)
class Shares:
    """Division of the microbatches of a batch among processes."""

    processes: Processes
    """The processes."""
    n_parts: int
    """Number of microbatches."""

    @property
    def ranges(self) -> list[range]:
        """Microbatches of each process."""
        return even_ranges(self.n_parts, self.processes.count)

    @property
    def own(self) -> range:
        """Microbatches of this process."""
        return self.ranges[self.processes.rank]

    def add(
        self, vectors: Sequence[Tensor], length: int, extra: Tensor, sizes: list[int]
    ) -> tuple[Tensor, list[Tensor]]:
        """Sum vectors of all microbatches by the tree; exchange further numbers.

        Parameters
        ----------
        vectors : sequence of Tensor of shape (length,)
            Vectors of the microbatches of this process.
        length : int
            Length of a vector.
        extra : Tensor of shape (sizes[rank],)
            Further numbers of this process, of the same dtype.
        sizes : list of int
            Their number in each process.

        Returns
        -------
        total : Tensor of shape (length,)
            The sum, on the CPU.
        extras : list of Tensor
            The further numbers of each process.
        """
        whole = range(self.n_parts)
        trees = [subtrees_within(part, whole) for part in self.ranges]
        first = self.own.start
        sums = [
            tree_sum(vectors[tree.start - first : tree.stop - first])
            for tree in trees[self.processes.rank]
        ]
        # one number at least: the end of a process is noticed by waiting for it
        own = torch.cat([extra.new_zeros(1), extra, *sums]).cpu()
        lengths = [
            [1, size, *[length] * len(tree)]
            for size, tree in zip(sizes, trees, strict=True)
        ]
        totals = list(map(sum, lengths))
        self.processes.meet(Place.STEP, length=sum(totals))
        extras: list[Tensor] = []
        subtrees: dict[range, Tensor] = {}
        messages = self.processes.exchange(own, totals)
        for tree, split, message in zip(trees, lengths, messages, strict=True):
            _, more, *found = message.split(split)
            extras.append(more)
            subtrees |= dict(zip(tree, found, strict=True))
        return sum_of_subtrees(whole, subtrees), extras


class PartSums:
    """Sums over all microbatches that are computed at the same time in threads.

    Parameters
    ----------
    parts : range
        Microbatches of this process.
    shares : Shares or None
        Microbatches of the other processes; None if this one has all.
    """

    def __init__(self, parts: range, shares: Shares | None) -> None:
        self.parts = parts
        self._shares = shares
        self._changed = threading.Condition()
        self._vectors: dict[int, Tensor] = {}
        self._total: Tensor | None = None
        self._n_sums = 0
        self._error: BaseException | None = None

    def part(self, number: int) -> Part:
        """Return the view of one microbatch."""
        return Part(self, number, is_first=number == self.parts.start)

    def fail(self, error: BaseException) -> None:
        """Raise the error of a microbatch in all threads that wait for it."""
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def add(self, number: int, vector: Tensor) -> Tensor:
        """Add the vector of a microbatch; wait for all, and return their sum."""
        with self._changed:
            self._vectors[number], turn = vector, self._n_sums
            if len(self._vectors) == len(self.parts) and self._error is None:
                self._add_all()
            while self._n_sums == turn and self._error is None:
                self._changed.wait()
            if self._error is not None:
                raise self._error
            assert self._total is not None
            return self._total

    def _add_all(self) -> None:
        """Compute the sum in the thread that came last."""
        vectors = [self._vectors[k] for k in self.parts]
        device = vectors[0].device
        try:
            if self._shares is None:
                self._total = tree_sum(vectors)
            else:
                none = [0] * self._shares.processes.count
                extra = vectors[0].new_zeros(0)
                total, _ = self._shares.add(vectors, len(vectors[0]), extra, none)
                self._total = total.to(device)
        except BaseException as error:
            self._error = error
            self._changed.notify_all()
            raise
        self._vectors = {}
        self._n_sums += 1
        self._changed.notify_all()


@dataclass(frozen=True, eq=False)
class Part:
    """View of one microbatch, a `skattn.nn._norm.BatchPart`."""

    sums: PartSums
    number: int
    is_first: bool

    def add(self, vector: Tensor) -> Tensor:
        """Return the sum of the vectors of all microbatches."""
        return self.sums.add(self.number, vector)
