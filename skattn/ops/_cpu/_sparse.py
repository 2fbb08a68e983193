"""Sparse times dense on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._buffers import empty
from skattn.ops._cpu import _kernels as kernels
from skattn.ops._cpu._plan import (
    Plan,
    Rows,
    asked_ahead,
    dropping,
    in_lanes,
    once_differentiable,
    plan_of,
    zeros,
)
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
    """A gradient is the same product with the transposed matrix."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, values: Tensor, p: float, seed: int, weight: Tensor
    ) -> Tensor:
        ctx.plan, ctx.drop = plan, dropping(p, seed)
        ctx.save_for_backward(values)
        return _multiply(plan.by_receiver, values, weight, ctx.drop)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        (values,) = ctx.saved_tensors
        out = _multiply(ctx.plan.by_sender, values, dout, ctx.drop)
        return None, None, None, None, out


def _multiply(rows: Rows, values: Tensor, dense: Tensor, drop: Any) -> Tensor:
    values, table, width = values.contiguous(), in_lanes(dense), dense.shape[1]
    step = table.shape[1]
    ahead = asked_ahead(table)
    sizes = kernels.Sizes(1, 1, 1, width, step, features=0, columns=step, ahead=ahead)
    call = sizes, values.data_ptr(), table.data_ptr(), drop
    out = empty(len(rows.indptr) - 1, width)

    def multiply(blocks: tuple[int, int], work: int) -> None:
        kernels.multiply_rows(blocks, rows.places, call, out.data_ptr(), work)

    rows.walk(multiply, zeros(kernels.desk_size(sizes, (1, width, step))))
    return out
