"""Parallel blocks of work on a thread pool, fork-safe and reentrant.

Kernels release the global interpreter lock. This is as fast as numba's
``parallel=True``, compiles faster, and avoids numba's threading layers: the OpenMP
layer aborts a forked process, the workqueue layer aborts concurrent callers.
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
"""Maximum size of the pool; threads start on demand."""


class _Pool:
    """Thread pool that starts threads on demand, and is reset in a forked child."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Drop threads and lock, which do not survive a fork."""
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[[], None]) -> Future[None] | None:
        """Start work in a thread; return None at interpreter shutdown."""
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
    """Call ``work(block)`` once for every block, in parallel.

    Blocks start in order. The calling thread works too, so that a busy pool cannot
    block it. ``work`` should release the global interpreter lock, and blocks must write
    to disjoint memory.

    Parameters
    ----------
    n_blocks : int
        Number of blocks.
    work : callable
        Function of the number of a block.
    n_threads : int, optional
        Maximum number of threads; ``torch.get_num_threads()`` if not given.
    """
    if n_blocks == 1:
        work(0)
        return
    numbers = itertools.count()  # next() is atomic
    failed = threading.Event()

    def work_on_blocks() -> None:
        try:
            while not failed.is_set() and (block := next(numbers)) < n_blocks:
                work(block)
        except BaseException:
            failed.set()
            raise

    n_helpers = min(n_threads or torch.get_num_threads(), n_blocks) - 1
    helpers: list[Future[None] | None] = []
    try:
        helpers.extend(_POOL.submit(work_on_blocks) for _ in range(n_helpers))
        work_on_blocks()
    except BaseException:
        failed.set()
        raise
    finally:  # arrays of the blocks may be freed after the return
        running = [h for h in helpers if h is not None and not h.cancel()]
        _wait_for_all(running, failed)
    for helper in running:
        helper.result()


def _wait_for_all(running: list[Future[None]], failed: threading.Event) -> None:
    """Wait until all have ended, also if the user interrupts; then raise it."""
    interrupted = False
    while not all(helper.done() for helper in running):
        try:
            wait(running)
        except KeyboardInterrupt:
            interrupted = True
            failed.set()
    if interrupted:
        raise KeyboardInterrupt


def _after_fork_in_child() -> None:
    """Reset the pool, and limit torch to one thread.

    With more, torch hangs in a forked child if the parent used OpenMP.
    """
    _POOL.reset()
    torch.set_num_threads(1)


os.register_at_fork(after_in_child=_after_fork_in_child)
