"""Concatenation of ranges of different lengths."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def ragged_range(starts: NDArray[Any], lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Return the concatenated ``range(start, start + length)`` of all pairs."""
    offsets = np.cumsum(lengths, dtype=np.int64) - lengths
    ranges: NDArray[np.int64] = np.repeat(starts - offsets, lengths)
    ranges += np.arange(len(ranges))
    return ranges
