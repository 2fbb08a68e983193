"""A single thread for training steps that are too short for several."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

from skattn._compat_torch import library_path

ONE_THREAD_BELOW_WORK = 1 << 24
"""Multiplications of a step (`work_of`) below which one thread is faster than two; see
"Thresholds of a training step" in benchmarks/README.md."""


@contextmanager
def limit_threads(work: float) -> Iterator[None]:
    """Limit torch to one thread where more would mostly wait for each other.

    Parameters
    ----------
    work : float
        Work of a step, as of `work_of`.

    Yields
    ------
    None
        Nothing; the body runs with the chosen number of threads.
    """
    if work >= ONE_THREAD_BELOW_WORK:
        yield
        return
    with one_thread():
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread in the calling thread, within the context.

    OpenMP and MKL keep their number per thread, where ``torch.set_num_threads`` is also
    the number of every thread that starts to use torch later. After a call of that MKL
    has a number of its own, which does not follow OpenMP's.

    Yields
    ------
    None
        Nothing.
    """
    torch.get_num_threads()  # torch gives a thread its number when it first asks
    set_number = _mkl()
    number = set_number(1)
    try:
        with _pools().limit(limits=1, user_api="openmp"):
            yield
    finally:
        set_number(number)


@cache
def _pools() -> ThreadpoolController:
    """Return the loaded thread pools; takes some milliseconds."""
    return ThreadpoolController()


@cache
def _mkl() -> Callable[[int], int]:
    """Return MKL's setter of the calling thread's number of threads.

    The setter returns the old number.

    0 stands for OpenMP's. A torch without MKL has nothing to set.
    """
    try:
        found: Callable[[int], int] = ctypes.CDLL(
            library_path()
        ).MKL_Set_Num_Threads_Local
    except (AttributeError, OSError):
        return lambda number: number
    return found
