"""Lists of numbers of different lengths, in two arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Lists(NamedTuple):
    """Lists of numbers, one after the other, as compiled functions take them."""

    ptr: NDArray[np.int64]
    """(n_lists + 1,) first number of each list."""
    numbers: NDArray[np.int64]
    """Numbers of all lists."""

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return len(self.ptr) - 1

    @property
    def owner(self) -> NDArray[np.int64]:
        """List of each number."""
        return np.repeat(np.arange(self.n_lists), np.diff(self.ptr))

    def others(self, n: int) -> NDArray[np.bool_]:
        """Return which of `n` numbers each list lacks, (n_lists, n)."""
        lacks = np.ones((self.n_lists, n), np.bool_)
        lacks[self.owner, self.numbers] = False
        return lacks

    def sums(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each list the sum of the values of its numbers, (n_lists,)."""
        totals = np.concatenate([[0], np.cumsum(values[self.numbers])])
        found: NDArray[np.int64] = np.diff(totals[self.ptr])
        return found


def lists_of(owner: NDArray[np.int64], numbers: NDArray[np.int64], n: int) -> Lists:
    """Return `n` lists; ``numbers[k]`` is in the list ``owner[k]``."""
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=n)
    return Lists(np.concatenate([[0], np.cumsum(counts)]), numbers[order])
