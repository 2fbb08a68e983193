"""Precision of the features of a table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_ODD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def as_float32(X: Any) -> Any:
    """Return an array or sparse matrix in float32, the same object if it is."""
    with np.errstate(over="ignore"):
        return X.astype(np.float32, copy=False)


def equal_values(left: Any, right: Any) -> bool:
    """Return whether two matrices of one sparsity pattern hold the same numbers."""
    if sparse.issparse(left):
        left, right = left.data, right.data
    return bool(np.array_equal(left, right))


def n_distinct(X: NDArray[Any]) -> int:
    """Return the number of distinct rows, by hashes of 64 bits."""
    return len(np.unique(row_hashes(X)))


def row_hashes(X: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a hash of 64 bits of each row."""
    hashes = np.zeros(len(X), dtype=np.uint64)
    for column in X.T:
        bits = (column + 0.0).view(f"u{column.itemsize}")  # 0.0 for -0.0
        hashes = (hashes ^ bits) * _ODD
        hashes ^= hashes >> _HALF
    return hashes
