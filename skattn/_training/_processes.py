"""The processes that share fits: agreement on each step, and on its end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum

import torch
import torch.distributed as dist
from torch import Tensor

from skattn._training._callbacks import StopTraining
from skattn._training._facts import compare, digest_of, from_text, to_text
from skattn._training._mesh import Mesh, ProcessLostError
from skattn._training._pending_interrupts import PendingInterrupts, pending_interrupts

_N_VALUES = 4
"""Numbers of a meeting beside its state, place and length."""
_TEXT_BYTES = 1 << 16
"""Length of the text of the facts of a fit."""


class State(IntEnum):
    """State of a process in a meeting; the greatest one decides."""

    GOES_ON = 0
    STOPPED = 1
    """By a callback: the training ends."""
    INTERRUPTED = 2
    """By the user: the training ends with KeyboardInterrupt."""
    FAILED = 3
    """By an error: all processes raise."""
    LEFT = 4
    """The block of shared fits has ended."""


class Place(IntEnum):
    """Place of a meeting in the program; the same for all processes."""

    FIT = 0
    DATA = 1
    STEP = 2
    EPOCH = 3
    WEIGHTS = 4
    END = 5
    PREDICTION = 6


_PLACES = {
    Place.FIT: "begins a fit",
    Place.DATA: "begins a training",
    Place.STEP: "is at a training step",
    Place.EPOCH: "is at the end of an epoch",
    Place.WEIGHTS: "is at the end of a training",
    Place.END: "is at the end of a fit",
    Place.PREDICTION: "predicts",
}


class Processes:
    """The processes that share fits, of which this is one.

    They communicate in meetings: every process sends its state to all others. A
    process that fails between two meetings says so in the next one, so that all end
    the fit at the same point.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup
        A group that exchanges tensors on the CPU.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        self._mesh = Mesh(group)
        self.rank, self.count = self._mesh.rank, self._mesh.count
        self.pid, self.thread = os.getpid(), threading.get_ident()
        self.is_working = False
        self._has_left = False
        self._is_over = False
        self._stops_together = False
        self._interrupts = PendingInterrupts()

    @contextmanager
    def work(self) -> Iterator[None]:
        """Make an error in the block one of all processes."""
        self.is_working = True
        self._is_over = self._stops_together = False
        try:
            with pending_interrupts() as self._interrupts:
                try:
                    yield
                except BaseException as error:
                    self._report(error)
                    raise
        finally:
            self.is_working = False

    def meet(
        self, place: Place, values: Sequence[int] = (), *, length: int = 0
    ) -> list[list[int]]:
        """Wait for all processes; return the values of each, by rank.

        Parameters
        ----------
        place : Place
            Place in the program; must be the same for all.
        values : sequence of int
            At most four numbers.
        length : int, default=0
            Length of what is exchanged next; must be the same for all.

        Raises
        ------
        KeyboardInterrupt
            If the user interrupted a process; StopTraining if a callback stopped one.
        RuntimeError
            If a process failed, ended, left, or is at another place.
        """
        state = State.INTERRUPTED if self._interrupts.take() else State.GOES_ON
        found = self._exchange_states(state, place, values, length)
        worst = max(found, key=lambda row: row[0])
        self._is_over = worst[0] >= State.FAILED
        if worst[0] >= State.FAILED:
            raise RuntimeError(self._failure(found.index(worst), State(worst[0])))
        self._stops_together = worst[0] != State.GOES_ON
        if worst[0] == State.INTERRUPTED:
            raise KeyboardInterrupt
        if worst[0] == State.STOPPED:
            raise StopTraining
        self._check_places(found)
        return [row[3:] for row in found]

    def exchange(self, own: Tensor, sizes: Sequence[int]) -> list[Tensor]:
        """Exchange tensors after a meeting, see :meth:`Mesh.exchange`."""
        try:
            return self._mesh.exchange(own, sizes)
        except BaseException:
            self._is_over = True
            raise

    def compare(self, place: Place, facts: dict[str, str], value: int = 0) -> int:
        """Compare the facts of a fit; return the value of process 0.

        Raises
        ------
        ValueError
            If the facts of processes differ.
        """
        found = self.meet(place, [value, *digest_of(facts)])
        if any(row[1:] != found[0][1:] for row in found):
            text = to_text(facts, _TEXT_BYTES)
            texts = self.exchange(text, [_TEXT_BYTES] * self.count)
            self._is_over = True
            raise ValueError(compare([from_text(text) for text in texts]))
        return found[0][0]

    def is_stopped(self, *, own: bool) -> bool:
        """Return whether process 0 stops the training after this epoch."""
        self._stops_together = bool(self.meet(Place.EPOCH, [own])[0][0])
        return self._stops_together

    def is_interrupted(self, *, own: bool) -> bool:
        """Return whether the user ended the training, once this process has ended it.

        `own` is whether the user rather than a callback did so in this process.
        """
        state = State.INTERRUPTED if own else State.STOPPED
        if self._stops_together:
            self._stops_together = False
            return own
        found = self._exchange_states(state, Place.STEP)
        rank, worst = max(enumerate(row[0] for row in found), key=lambda pair: pair[1])
        self._is_over = worst >= State.FAILED
        if self._is_over:
            raise RuntimeError(self._failure(rank, State(worst)))
        return worst == State.INTERRUPTED

    def weights_of_first(self, own: Tensor) -> Tensor:
        """Return a vector of process 0."""
        self.meet(Place.WEIGHTS, length=len(own))
        sizes = [len(own)] + [1] * (self.count - 1)
        return self.exchange(own if self.rank == 0 else own[:1], sizes)[0]

    def leave(self) -> None:
        """Leave together: a process that still fits raises an error."""
        with suppress(ProcessLostError):
            if not self._has_left:
                self._exchange_states(State.LEFT, Place.END)
        self._mesh.close()

    def _report(self, error: BaseException) -> None:
        """Report an error of this process in the meeting that others wait in."""
        if self._is_over:
            return
        self._is_over = True
        state = State.FAILED
        if isinstance(error, KeyboardInterrupt):
            is_callback = isinstance(error, StopTraining)
            state = State.STOPPED if is_callback else State.INTERRUPTED
        with suppress(ProcessLostError):
            self._exchange_states(state, Place.END)

    def _exchange_states(
        self, state: State, place: Place, values: Sequence[int] = (), length: int = 0
    ) -> list[list[int]]:
        """Exchange rows of state, place, length and values."""
        row = [state, place, length, *values]
        row += [0] * (3 + _N_VALUES + 1 - len(row))
        own = torch.tensor(row, dtype=torch.int64)
        found = [row.tolist() for row in self.exchange(own, [len(own)] * self.count)]
        self._has_left = any(row[0] == State.LEFT for row in found)
        return found

    def _failure(self, rank: int, state: State) -> str:
        if state == State.LEFT:
            return (
                f"all processes must make the same calls in shared_fits, but process "
                f"{rank} of {self.count} has left the block. Run the same script with "
                "the same data in all of them."
            )
        return (
            f"process {rank} of {self.count} failed, so that all have stopped. Its own "
            "output has the error."
        )

    def _check_places(self, found: list[list[int]]) -> None:
        for rank, row in enumerate(found):
            if row[1:3] == found[0][1:3]:
                continue
            self._is_over = True
            here, first = (_PLACES[Place(r[1])] for r in (row, found[0]))
            raise RuntimeError(
                "all processes must make the same calls in shared_fits, but process "
                f"{rank} {here} and process 0 {first}, or their batches differ in size "
                f"({row[2]} and {found[0][2]} numbers). Run the same script with the "
                "same data in all of them."
            )
