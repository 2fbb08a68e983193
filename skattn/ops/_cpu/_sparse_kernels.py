"""Kernel of a sparse matrix times a dense one."""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _walk as walk
from skattn.ops._cpu._compiler import kernel, loop, part
from skattn.ops._cpu._memory import after, floats
from skattn.ops._cpu._records import HeadShape, Matrix, Rows, Sizes

__all__ = ["multiply_rows"]


@kernel
def multiply_rows(first, stop, rows, sizes, matrix, out, work):
    """Write rows of a sparse matrix times a dense one, both with one head.

    The value of an edge lies at its number.
    """
    rows, sizes, matrix = Rows(*rows), Sizes(*sizes), Matrix(*matrix)
    shape = HeadShape(1, sizes.width, sizes.step)
    workspace = walk.workspace_at(work, sizes, shape)
    cuts, indptr, i, begin, end = walk.start_of(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = walk.next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            for e in loop(n):
                workspace.s[e] = floats(matrix.values)[workspace.numbers[e]]
            if matrix.threshold:
                walk.drop_weights(workspace.s, sizes, n, matrix, workspace)
            _multiply_group(indptr, group, matrix.dense, sizes, workspace, out)
            if begin == indptr[group.k]:
                i = group.k


@part
def _multiply_group(indptr, group, dense, sizes, workspace, out):
    C, ahead, table = sizes.step, sizes.ahead, floats(dense)
    w, o = workspace.w, workspace.o
    for r in loop(group.i, group.k):
        start, m, is_fresh = walk.row_span(indptr, group, r)
        if is_fresh:
            walk.clear(o, C)
        walk.copy_row(workspace.s, start, m, 1, w)
        others = after(workspace.others, start)
        walk.weighted_sum(w, 1, others, m, table, (1, C, C), ahead, o)
        if walk.carry_sums(indptr, r, group.end, o, C, workspace.o_sums):
            walk.write(o, HeadShape(1, sizes.width, C), floats(out), r)
