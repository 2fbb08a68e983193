"""Kernels of the product of a sparse and a dense matrix, and of its gradient."""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _edge_groups as groups
from skattn.ops._cpu._compiler import inlined, kernel, loop
from skattn.ops._cpu._memory import after, floats
from skattn.ops._cpu._records import HeadShape, Matrix, Products, Rows, Sizes

__all__ = ["multiply_ends", "multiply_rows"]


@kernel
def multiply_rows(first, stop, rows, sizes, matrix, out, work):
    """Write rows of the product of a sparse and a dense matrix, with one head.

    Values of the sparse matrix are in the order of the edge numbers.
    """
    rows, sizes, matrix = Rows(*rows), Sizes(*sizes), Matrix(*matrix)
    shape = HeadShape(1, sizes.width, sizes.step)
    workspace = groups.workspace_at(work, sizes, shape)
    cuts, indptr, i, begin, end = groups.start_blocks(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = groups.next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            for e in loop(n):
                workspace.s[e] = floats(matrix.values)[workspace.numbers[e]]
            if matrix.threshold:
                groups.drop_weights(workspace.s, sizes, n, matrix, workspace)
            _multiply_group(indptr, group, matrix.dense, sizes, workspace, out)
            if begin == indptr[group.k]:
                i = group.k


@inlined
def _multiply_group(indptr, group, dense, sizes, workspace, out):
    C, ahead, table = sizes.step, sizes.ahead, floats(dense)
    w, o = workspace.w, workspace.o
    for r in loop(group.i, group.k):
        start, m, is_fresh = groups.row_span(indptr, group, r)
        if is_fresh:
            groups.clear(o, C)
        groups.copy_row(workspace.s, start, m, 1, w)
        others = after(workspace.others, start)
        groups.weighted_sum(w, 1, others, m, table, (1, C, C), ahead, o)
        if groups.carry_sums(indptr, r, group.end, o, C, workspace.o_sums):
            groups.write(o, HeadShape(1, sizes.width, C), floats(out), r)


@kernel
def multiply_ends(first, stop, rows, sizes, products, out, work):
    """Write the dot product of both ends' rows of every edge, in their order.

    They are the gradients of the values of the sparse matrix.
    """
    rows, sizes, products = Rows(*rows), Sizes(*sizes), Products(*products)
    tables = floats(products.row_table), floats(products.gathered)
    strides = sizes.step, sizes.step
    shape = HeadShape(1, sizes.width, sizes.step)
    workspace = groups.workspace_at(work, sizes, shape)
    cuts, indptr, i, begin, end = groups.start_blocks(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = groups.next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n, t = group.end, group.end - begin, workspace.t
            groups.multiply(tables[0], tables[1], strides, sizes, n, workspace, t)
            if products.threshold:
                groups.drop_weights(t, sizes, n, products, workspace)
            for e in loop(n):
                floats(out)[workspace.numbers[e]] = t[e]
            if begin == indptr[group.k]:
                i = group.k
