"""Partition of the examples of an epoch into batches."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray


def batches(
    n: int, batch_size: int, generator: torch.Generator | None = None
) -> Iterator[NDArray[np.int64]]:
    """Partition the numbers from 0 to n - 1 into batches.

    A single remaining number joins the preceding batch, because batch normalisation
    needs two examples.

    Parameters
    ----------
    n : int
        Number of examples.
    batch_size : int
        Number of examples per batch; the last one may be smaller.
    generator : torch.Generator or None, default=None
        Source of a permutation; None keeps the order.

    Yields
    ------
    ndarray of int64
        The numbers of one batch.

    Examples
    --------
    >>> from skattn._batch import batches
    >>> list(batches(5, 2))
    [array([0, 1]), array([2, 3, 4])]
    """
    if generator is None:
        numbers = np.arange(n)
    else:
        numbers = torch.randperm(n, generator=generator).numpy()
    starts = list(range(0, n, batch_size))
    if batch_size > 1 and n > 1 and n % batch_size == 1:
        starts.pop()
    yield from np.split(numbers, starts[1:]) if n else ()
