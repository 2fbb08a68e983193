"""Blocks of work over a plain pool of threads, fork-safe and reentrant.

Kernels that release the interpreter's lock, run over blocks of rows by a thread pool in
which the caller works too, are as fast as numba's ``parallel=True``, compile faster,
and avoid its threading layers: the OpenMP one aborts a forked process, the workqueue
one aborts concurrent callers.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import torch

__all__ = ["run_blocks"]

_MAX_WORKERS = 256
"""Limit of the pool; threads start one by one, up to torch's number."""


class _Pool:
    """Thread pool that starts threads on demand and is reset in a forked child."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop threads and lock, which do not survive a fork."""
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[[], None]) -> Future[None] | None:
        """Start work in a thread; None when the interpreter is shutting down."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_MAX_WORKERS, "skattn")
            try:
                return self._executor.submit(work)
            except RuntimeError:  # no new threads at exit
                return None


_POOL = _Pool()


def run_blocks(
    n_blocks: int, work: Callable[[int], None], *, n_threads: int | None = None
) -> None:
    """Call ``work(block)`` once for every block, by as many threads as torch may use.

    The caller works too, so that a pool in use by another caller cannot delay it, and a
    single block runs inline. Blocks are handed out in order.

    Parameters
    ----------
    n_blocks : int
        Number of blocks.
    work : callable
        Called with the number of a block; must release the interpreter's lock to gain
        anything, and must write where no other block does.
    n_threads : int, optional
        Maximum number of threads; torch's number if not given.
    """
    if n_blocks == 1:
        work(0)
        return
    todo = itertools.count()  # next() is atomic
    failed = threading.Event()

    def work_off() -> None:
        try:
            while not failed.is_set() and (block := next(todo)) < n_blocks:
                work(block)
        except BaseException:
            failed.set()
            raise

    n_helpers = min(n_threads or torch.get_num_threads(), n_blocks) - 1
    helpers = [_POOL.submit(work_off) for _ in range(n_helpers)]
    try:
        work_off()
    finally:
        running = [h for h in helpers if h is not None and not h.cancel()]
        wait(running)  # all of them: their arrays are freed after the return
    for helper in running:
        helper.result()


def _after_fork_in_child() -> None:
    """Reset the pool; torch hangs in a forked child if it used OpenMP before.

    One torch thread in the child avoids that.
    """
    _POOL.forget()
    torch.set_num_threads(1)


os.register_at_fork(after_in_child=_after_fork_in_child)
