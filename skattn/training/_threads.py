"""One thread for steps that are too short to be shared."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController
from torch import nn

SMALL = 1 << 24
"""Multiplications in the largest matrix product of a step below which one thread does
everything. A product of 150 x 64 with 64 x 64, 600 thousand of them, takes one thread
15 us; two take 32 at best, and 210 where the second core has other work. Of 3840 x 64,
16 million, it takes one 340 us and two 270 to 440, and what is around it no less: two
wait 100 us for each other, be it for Adam's steps of one weight after the other."""


@contextmanager
def enough_threads(module: nn.Module, n_rows: float) -> Iterator[None]:
    """Let torch use one thread where more would only wait for each other.

    Parameters
    ----------
    module : nn.Module
        What is trained.
    n_rows : float
        Rows that go through it at a time.

    Yields
    ------
    None
        Nothing; the body runs with as many threads as pay.
    """
    widest = max((parameter.numel() for parameter in module.parameters()), default=0)
    if n_rows * widest >= SMALL:
        yield
        return
    with one_thread():
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread; only the calling thread is limited, and only inside.

    OpenMP and MKL keep their number per thread, where ``torch.set_num_threads`` is also
    the number of every thread that starts to use torch later. Whoever called that has
    given MKL a number of its own, which does not follow OpenMP's: batches of 8 small
    graphs took 7 ms a step with two, and take 3 with one.

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
    """Find the loaded thread pools; takes some milliseconds."""
    return ThreadpoolController()


@cache
def _mkl() -> Callable[[int], int]:
    """Find what sets MKL's number for the calling thread and returns the one before.

    0 stands for OpenMP's. A torch without MKL has nothing to set.
    """
    try:
        found: Callable[[int], int] = ctypes.CDLL(
            torch._C.__file__
        ).MKL_Set_Num_Threads_Local
    except (AttributeError, OSError):
        return lambda number: number
    return found
