"""Messages between each two processes of a torch.distributed group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

import torch
import torch.distributed as dist
from torch import Tensor

Wait = Callable[[], None]


class ProcessLostError(RuntimeError):
    """Another process has ended or cannot be reached."""


class Mesh:
    """Exchange of tensors on the CPU between all processes of a group.

    Each process sends to every other one directly, so that each of them notices the end
    of any other at once. (In a ring or tree of messages, a process may wait for one
    that has already given up.) One thread per other process waits for its messages: the
    calling thread can be interrupted, and sees the first failure.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup
        A group that exchanges tensors on the CPU.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        self.group = group
        self.rank = dist.get_rank(group)
        self.count = dist.get_world_size(group)
        self.is_broken = False
        self._others = [rank for rank in range(self.count) if rank != self.rank]
        self._done: SimpleQueue[tuple[int, Exception | None]] = SimpleQueue()
        self._jobs: dict[int, SimpleQueue[Wait | None]] = {
            rank: SimpleQueue() for rank in self._others
        }
        for rank, jobs in self._jobs.items():
            threading.Thread(
                target=self._wait_for, args=(rank, jobs), daemon=True
            ).start()

    def exchange(self, own: Tensor, sizes: Sequence[int]) -> list[Tensor]:
        """Send a tensor to all other processes; return those of all, by rank.

        Parameters
        ----------
        own : Tensor of shape (sizes[rank],)
            The tensor of this process, with at least one number.
        sizes : sequence of int
            Length of the tensor of each process.

        Returns
        -------
        list of Tensor
            Tensors of the dtype of `own`.

        Raises
        ------
        ProcessLostError
            If another process has ended or cannot be reached; later calls raise it at
            once.
        """
        if self.is_broken:
            raise ProcessLostError(_lost("another process"))
        found = [
            own if rank == self.rank else torch.empty(size, dtype=own.dtype)
            for rank, size in enumerate(sizes)
        ]
        self.is_broken = True  # unless all of it succeeds
        for rank in self._others:
            self._jobs[rank].put(self._post(rank, own, found[rank]))
        for _ in self._others:
            rank, error = self._done.get()
            if error is not None:
                raise ProcessLostError(
                    _lost(f"process {rank} of {self.count}")
                ) from error
        self.is_broken = False
        return found

    def close(self) -> None:
        """End the threads; one that still waits ends with its process."""
        for jobs in self._jobs.values():
            jobs.put(None)

    def _post(self, rank: int, own: Tensor, found: Tensor) -> Wait:
        """Begin an exchange with another process; return a function that ends it."""
        other = dist.get_global_rank(self.group, rank)
        try:
            received = dist.irecv(found, src=other, group=self.group)
            sent = dist.isend(own, dst=other, group=self.group)
        except RuntimeError as error:
            raise ProcessLostError(_lost(f"process {rank} of {self.count}")) from error

        def wait() -> None:
            for work in (received, sent):
                assert work is not None
                work.wait()

        return wait

    def _wait_for(self, rank: int, jobs: SimpleQueue[Wait | None]) -> None:
        while (wait := jobs.get()) is not None:
            try:
                wait()
            except Exception as error:  # noqa: BLE001  # raised by the calling thread
                self._done.put((rank, error))
            else:
                self._done.put((rank, None))


def _lost(process: str) -> str:
    return (
        f"{process} has ended or cannot be reached, so that fits cannot be shared any "
        "more. Its own output says why; then start all processes again."
    )
