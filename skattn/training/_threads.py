"""One thread for steps that are too short to be shared."""

from collections.abc import Iterator
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

    Only the calling thread is limited, and gets its own number back: OpenMP keeps the
    number per thread, where ``torch.set_num_threads`` is also the number of every
    thread that starts to use torch later. Whoever called that has set the number of
    MKL's threads too, which stays.

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
    torch.get_num_threads()  # torch gives a thread its number when it first asks
    with _pools().limit(limits=1, user_api="openmp"):
        yield


@cache
def _pools() -> ThreadpoolController:
    """Find the loaded thread pools; takes some milliseconds."""
    return ThreadpoolController()
