"""Ranges of rows, and compiled functions that cut and concatenate them.

A range are the rows of one graph or node: its nodes, edges or sparse features. The
arguments of compiled functions are not checked.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skattn._compilation import cached_jit

_jit = cached_jit(nogil=True, boundscheck=False)


class RowRanges(NamedTuple):
    """Ranges of rows, in the order in which they are concatenated."""

    low: np.ndarray
    """(n,) int64, first row of each range."""
    ptr: np.ndarray
    """(n + 1,) int64, offset of each range in the concatenation."""

    @classmethod
    def between(cls, low: np.ndarray, high: np.ndarray) -> RowRanges:
        """Return one range of rows, ``low[s]:high[s]``, per entry s."""
        ptr = np.zeros(len(low) + 1, np.int64)
        np.cumsum(high - low, out=ptr[1:])
        return cls(low, ptr)

    @property
    def high(self) -> np.ndarray:
        """End of each range, (n,) int64."""
        return self.low + np.diff(self.ptr)


# Loops run over slices from 0: numba's check for negative indices would prevent
# vectorisation.


@_jit
def copy_rows(ranges, width, table, out):
    """Copy rows of `width` numbers; both tables are flat."""
    low, ptr = ranges
    for s in range(len(low)):
        n = (ptr[s + 1] - ptr[s]) * width
        old = table[low[s] * width : low[s] * width + n]
        new = out[ptr[s] * width : ptr[s] * width + n]
        for k in range(n):
            new[k] = old[k]


@_jit
def cut_csr(rows, entries, indptr, indices, columns_move, new_indptr, new_indices):
    """Cut CSR rows; if columns move, they are shifted along with their rows."""
    new_indptr[0] = 0
    for s in range(len(rows.low)):
        first, n = rows.ptr[s], rows.ptr[s + 1] - rows.ptr[s]
        old = indptr[rows.low[s] + 1 : rows.low[s] + 1 + n]
        new = new_indptr[first + 1 : first + 1 + n]
        shift = entries.ptr[s] - entries.low[s]
        for i in range(n):
            new[i] = old[i] + shift
        first, n = entries.ptr[s], entries.ptr[s + 1] - entries.ptr[s]
        old_columns = indices[entries.low[s] : entries.low[s] + n]
        new_columns = new_indices[first : first + n]
        shift = rows.ptr[s] - rows.low[s] if columns_move else 0
        for k in range(n):
            new_columns[k] = old_columns[k] + shift


@_jit
def cut_renumbered(entries, senders, numbers, new_senders):
    """Cut ranges of senders and replace each by its entry in `numbers`."""
    low, ptr = entries
    for s in range(len(low)):
        n = ptr[s + 1] - ptr[s]
        old = senders[low[s] : low[s] + n]
        new = new_senders[ptr[s] : ptr[s] + n]
        for k in range(n):
            new[k] = numbers[old[k]]
