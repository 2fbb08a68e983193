"""Sparse times dense, and element-wise dropout, on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._cpu import _kernels as kernels
from skattn.ops._cpu._plan import Array, Plan, Rows, dropping, empty, plan_of, to_array
from skattn.ops._sparse import SparseMatrix
from skattn.ops._threads import run_blocks

__all__ = ["dropout", "sparse_matmul"]

_ELEMENTS_PER_BLOCK = 1 << 16  # 256 KB; handing out a block costs 0.2 us


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
        return _multiply(plan.by_receiver, to_array(values), weight, ctx.drop)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        (values,) = ctx.saved_tensors
        rows = ctx.plan.by_sender
        return None, None, None, None, _multiply(rows, to_array(values), dout, ctx.drop)


def _multiply(rows: Rows, values: Array, dense: Tensor, drop: Any) -> Tensor:
    table, cuts = to_array(dense), rows.cuts
    out = empty(len(rows.indptr) - 1, table.shape[1])

    def multiply(block: int) -> None:
        kernels.multiply_rows(
            cuts[block], cuts[block + 1], rows.by_number, values, table[:, None], drop,
            out.numpy()[:, None],
        )  # fmt: skip

    run_blocks(rows.n_blocks, multiply)
    return out


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """See `skattn.ops.dropout`."""
    out: Tensor = _Dropout.apply(x, p, seed)
    return out


class _Dropout(torch.autograd.Function):
    """Its gradient is dropout again, of the same places."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, seed: int) -> Tensor:
        ctx.p, ctx.seed = p, seed
        flat, drop = to_array(x).reshape(-1), dropping(p, seed)
        out = empty(*x.shape)
        written = out.numpy().reshape(-1)

        def drop_elements(block: int) -> None:
            low = block * _ELEMENTS_PER_BLOCK
            high = min(low + _ELEMENTS_PER_BLOCK, len(flat))
            kernels.drop_elements(low, high, flat, drop, written)

        run_blocks(-(-len(flat) // _ELEMENTS_PER_BLOCK), drop_elements)
        return out

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        return dropout(dout, ctx.p, ctx.seed), None, None
