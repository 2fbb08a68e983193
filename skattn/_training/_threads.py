"""Limits on torch's number of threads."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

from skattn._compat_torch import library_path

ONE_THREAD_BELOW_WORK = 1 << 24
"""Multiplications of a step (`work_of`) below which one thread is faster than two, see
benchmarks/README.md."""


@contextmanager
def limit_threads(work: float) -> Iterator[None]:
    """Limit torch to one thread within the context if steps have little work."""
    if work >= ONE_THREAD_BELOW_WORK:
        yield
        return
    with one_thread():
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread in the calling thread, within the context.

    ``torch.set_num_threads`` would also limit threads that start later. OpenMP and MKL
    have a number of threads per calling thread, each its own.
    """
    torch.get_num_threads()  # torch initialises the thread's number
    set_number = _mkl()
    number = set_number(1)
    try:
        with _pools().limit(limits=1, user_api="openmp"):
            yield
    finally:
        set_number(number)


@cache
def _pools() -> ThreadpoolController:
    """Return the controller of loaded thread pools; cached, because it is slow."""
    return ThreadpoolController()


@cache
def _mkl() -> Callable[[int], int]:
    """Return MKL's setter of the calling thread's number of threads (0: OpenMP's).

    It returns the previous number; without MKL it does nothing.
    """
    try:
        found: Callable[[int], int] = ctypes.CDLL(
            library_path()
        ).MKL_Set_Num_Threads_Local
    except (AttributeError, OSError):
        return lambda number: number
    return found
