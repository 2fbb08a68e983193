"""Compiled update of the nearest rows by the rows of a cell.

Arguments are not checked.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn._compilation import cached_jit

RUN = 16
"""Products that are compared at once; the rows of a cell are a multiple of it."""

SLACK = 1 + 2.0**-30
"""Factor of a squared distance that covers its rounding."""

_ABOVE = np.float32(2.0**-22)  # a float32 is rounded by less than this share

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")


@_jit
def update_nearest(products, shifts, members, queries, rows, X, scale, nearest):
    """Insert the rows of a cell that are nearer than the farthest known ones.

    `products` (n_queries, cell_size) less `shifts` (n_queries,) are lower bounds of
    half the squared distances, scaled, of the new rows ``X[queries]`` to
    ``rows[members]``. `nearest` are the squared distances and the positions of the
    nearest rows, (n, k) each, sorted by both.
    """
    squares, found = nearest
    for at in range(len(queries)):
        i, near = queries[at], products[at]
        limit = _limit(squares[i, -1] * scale * scale / 2, shifts[at])
        for start in range(0, len(near), RUN):
            n_near = 0
            for j in range(start, start + RUN):
                n_near += near[j] <= limit
            if n_near == 0:
                continue
            for j in range(start, start + RUN):
                if near[j] <= limit and members[j] >= 0:
                    square = _squared_distance(rows[members[j]], X[i])
                    if _insert(square, members[j], squares[i], found[i]):
                        half = squares[i, -1] * scale * scale / 2
                        limit = _limit(half, shifts[at])


@_jit
def _limit(farthest, shift):
    limit = np.float32(farthest * SLACK + shift)
    return limit + abs(limit) * _ABOVE


@_jit
def _squared_distance(a, b):
    total = 0.0
    for f in range(len(b)):
        gap = a[f] - b[f]
        total += gap * gap
    return total


@_jit
def _insert(square, row, squares, found):
    """Insert a row if it is nearer than the last one."""
    k = len(squares) - 1
    if square > squares[k] or (square == squares[k] and row > found[k]):
        return False
    while k > 0 and (
        square < squares[k - 1] or (square == squares[k - 1] and row < found[k - 1])
    ):
        squares[k], found[k] = squares[k - 1], found[k - 1]
        k -= 1
    squares[k], found[k] = square, row
    return True
