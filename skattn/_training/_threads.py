"""One thread for steps that are too short to be shared."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import torch
from threadpoolctl import ThreadpoolController
from torch import nn

if TYPE_CHECKING:
    from skattn._training._batch_source import BatchSource

SMALL = 1 << 24
"""Work of a step, see `work_of`, below which one thread does everything. A product of
150 x 64 with 64 x 64, 600 thousand of them, takes one thread 15 us; two take 32 at
best, and 210 where the second core has other work. Of 3840 x 64, 16 million, it takes
one 340 us and two 270 to 440, and what is around it no less: two wait 100 us for each
other, be it for Adam's steps of one weight after the other."""
WALK = 8
"""Multiplications that a number of an edge's value stands for. Steps on graphs of 3000
nodes, 16 or 64 numbers wide, take two threads as long as one from 69 or 36 thousand
edges on, and 0.6 of the time at a million."""


def work_of(module: nn.Module, task: "BatchSource") -> float:
    """Tell how much there is in a step for threads to share.

    Parameters
    ----------
    module : nn.Module
        What is trained.
    task : FullGraph, GraphBatches or SampledBatches
        What it learns from.

    Returns
    -------
    float
        Multiplications in the largest product of a matrix, or of the walk over the
        edges if that takes longer.
    """
    size, works = task.size, [0.0]
    for weight in module.parameters():
        is_first = weight.dim() == 2 and len(weight) == task.n_features
        works.append(
            size.entries * weight.shape[1] if is_first else size.rows * weight.numel()
        )
    return max(*works, WALK * size.edges * width_of(module))


def width_of(module: nn.Module) -> int:
    """Return the most columns that a weight has, 0 without weights."""
    return max((w.shape[-1] for w in module.parameters() if w.dim()), default=0)


@contextmanager
def enough_threads(work: float) -> Iterator[None]:
    """Let torch use one thread where more would only wait for each other.

    Parameters
    ----------
    work : float
        What `work_of` says of a step.

    Yields
    ------
    None
        Nothing; the body runs with as many threads as pay.
    """
    if work >= SMALL:
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
