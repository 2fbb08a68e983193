"""Product of a sparse and a dense matrix on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._autograd import once_differentiable
from skattn.ops._buffers import empty
from skattn.ops._cpu._edge_groups import workspace_size
from skattn.ops._cpu._layout import dropout_settings, in_lanes, zeros
from skattn.ops._cpu._passes import prefetch_distance
from skattn.ops._cpu._plan import BlockedRows, Plan, plan_of
from skattn.ops._cpu._records import HeadShape, Matrix, Products, Sizes
from skattn.ops._cpu._sparse_kernels import multiply_ends, multiply_rows
from skattn.ops._sparse import SparseMatrix

__all__ = ["sparse_matmul"]


def sparse_matmul(
    matrix: SparseMatrix, weight: Tensor, dropout: float, seed: int
) -> Tensor:
    """See `skattn.ops.sparse_matmul`."""
    plan = plan_of(matrix.edges)
    arguments = (plan, matrix.values, dropout, seed, weight)
    out: Tensor = _SparseMatmul.apply(*arguments)
    return out


class _SparseMatmul(torch.autograd.Function):
    """Gradients: the product with the transposed matrix, and dot products of rows."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, values: Tensor, p: float, seed: int, weight: Tensor
    ) -> Tensor:
        ctx.plan, ctx.drop = plan, dropout_settings(p, seed)
        ctx.save_for_backward(values, weight if ctx.needs_input_grad[1] else None)
        return _multiply(plan.by_receiver, values, weight, ctx.drop)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        (values, weight), needs = ctx.saved_tensors, ctx.needs_input_grad
        dvalues = dweight = None
        if needs[1]:
            dvalues = _multiply_ends(ctx.plan.by_receiver, dout, weight, ctx.drop)
        if needs[4]:
            dweight = _multiply(ctx.plan.by_sender, values, dout, ctx.drop)
        return None, dvalues, None, None, dweight


_Dropout = tuple[int, int, int, float]


def _multiply(
    rows: BlockedRows, values: Tensor, dense: Tensor, drop: _Dropout
) -> Tensor:
    values, table, width = values.contiguous(), in_lanes(dense), dense.shape[1]
    sizes, work = _workspace(width, table)
    matrix = Matrix(values.data_ptr(), table.data_ptr(), *drop)
    out = empty(len(rows.indptr) - 1, width)
    rows.run(multiply_rows, (tuple(sizes), tuple(matrix), out.data_ptr()), work)
    return out


def _multiply_ends(
    rows: BlockedRows, of_receivers: Tensor, of_senders: Tensor, drop: _Dropout
) -> Tensor:
    near, far = in_lanes(of_receivers), in_lanes(of_senders)
    sizes, work = _workspace(of_senders.shape[1], far)
    products = Products(near.data_ptr(), far.data_ptr(), *drop)
    out = empty(len(rows.others))
    rows.run(multiply_ends, (tuple(sizes), tuple(products), out.data_ptr()), work)
    return out


def _workspace(width: int, table: Tensor) -> tuple[Sizes, Tensor]:
    """Return the sizes of a call that gathers rows of a table, and its workspace."""
    step, ahead = table.shape[1], prefetch_distance(table)
    sizes = Sizes(1, 1, 1, width, step, features=0, columns=step, ahead=ahead)
    return sizes, zeros(workspace_size(sizes, HeadShape(1, width, step)))
