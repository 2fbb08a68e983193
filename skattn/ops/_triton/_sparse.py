"""Product of a sparse and a dense matrix on CUDA devices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._autograd import once_differentiable
from skattn.ops._sparse import SparseMatrix
from skattn.ops._triton import _sparse_kernels as kernels
from skattn.ops._triton._gradients import add_pieces
from skattn.ops._triton._launch import cdiv, dropout_words, launch, padded
from skattn.ops._triton._plan import Plan, Rows, plan_of
from skattn.ops._triton._tiles import tile_options

__all__ = ["sparse_matmul"]

_MAX_COLUMNS = 256


def sparse_matmul(
    matrix: SparseMatrix, weight: Tensor, dropout: float, seed: int
) -> Tensor:
    """See `skattn.ops.sparse_matmul`."""
    plan = plan_of(matrix.edges)
    out: Tensor = _SparseMatmul.apply(plan, matrix.values, dropout, seed, weight)
    return out


class _SparseMatmul(torch.autograd.Function):
    """Gradients: the product with the transposed matrix, and dot products of rows."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, values: Tensor, p: float, seed: int, weight: Tensor
    ) -> Tensor:
        ctx.plan, ctx.drop = plan, (p, seed)
        ctx.save_for_backward(values, weight if ctx.needs_input_grad[1] else None)
        return _multiply(plan.by_receiver, values, weight, ctx.drop)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        (values, weight), needs = ctx.saved_tensors, ctx.needs_input_grad
        dvalues = dweight = None
        if needs[1]:
            dvalues = torch.empty_like(values)
            rows = ctx.plan.by_receiver
            _multiply_ends(rows, dout.contiguous(), weight, ctx.drop, dvalues)
        if needs[4]:
            dweight = _multiply(ctx.plan.by_sender, values, dout, ctx.drop)
        return None, dvalues, None, None, dweight


def _multiply(
    rows: Rows, values: Tensor, dense: Tensor, drop: tuple[float, int]
) -> Tensor:
    n_columns = dense.shape[1]
    out = dense.new_empty(rows.n_rows, n_columns)
    part = dense.new_empty(rows.n_pieces, n_columns, dtype=torch.float32)
    arguments = _arguments(rows, dense, drop)
    arguments |= {"values": values.contiguous(), "out": out, "part": part}
    grid = rows.n_items, cdiv(n_columns, arguments["COLUMNS"])
    launch(kernels.multiply_rows, grid, arguments)
    add_pieces(rows, part, out)
    return out


def _multiply_ends(
    rows: Rows, dout: Tensor, dense: Tensor, drop: tuple[float, int], dvalues: Tensor
) -> None:
    arguments = _arguments(rows, dense, drop) | {"dout": dout, "dvalues": dvalues}
    launch(kernels.multiply_ends, (rows.n_items,), arguments)


def _arguments(rows: Rows, dense: Tensor, drop: tuple[float, int]) -> dict[str, Any]:
    (p, seed), n_columns = drop, dense.shape[1]
    columns = min(padded(n_columns), _MAX_COLUMNS)
    return {
        **rows.arguments,
        **tile_options("forward", columns),
        "dense": dense.contiguous(),
        "dropout_words": dropout_words(p, seed, dense.device),
        "grow": 1 / (1 - p),
        "WIDTH": n_columns,
        "COLUMNS": columns,
    }
