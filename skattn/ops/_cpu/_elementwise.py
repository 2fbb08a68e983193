"""Element-wise operations on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from skattn.ops._buffers import empty
from skattn.ops._cpu import _elementwise_kernels as kernels
from skattn.ops._cpu._layout import dropout_settings
from skattn.ops._threads import run_blocks

__all__ = ["dropout", "elu"]

_ELEMENTS_PER_BLOCK = 1 << 17
"""Elements per block: as much work as starting another thread."""


def elu(x: Tensor) -> Tensor:
    """See `skattn.ops.elu`."""
    out: Tensor = _Elu.apply(x)
    return out


class _Elu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x, y = x.contiguous(), empty(*x.shape)
        source, target = x.data_ptr(), y.data_ptr()
        _run(x, lambda low, high: kernels.elu(low, high, source, target))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return torch.where(y > 0, dout, dout * (y + 1))
        dout, dx = dout.contiguous(), empty(*y.shape)
        addresses = y.data_ptr(), dout.data_ptr(), dx.data_ptr()
        _run(y, lambda low, high: kernels.elu_gradient(low, high, *addresses))
        return dx


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """See `skattn.ops.dropout`."""
    out: Tensor = _Dropout.apply(x, p, seed)
    return out


class _Dropout(torch.autograd.Function):
    """The gradient is dropout with the same mask."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, seed: int) -> Tensor:
        ctx.p, ctx.seed = p, seed
        return _drop(x, p, seed)

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        again = dropout if torch.is_grad_enabled() else _drop
        return again(dout, ctx.p, ctx.seed), None, None


def _drop(x: Tensor, p: float, seed: int) -> Tensor:
    x, drop, out = x.contiguous(), dropout_settings(p, seed), empty(*x.shape)
    source, target = x.data_ptr(), out.data_ptr()
    _run(x, lambda low, high: kernels.dropout(low, high, source, target, *drop))
    return out


def _run(x: Tensor, kernel: Callable[[int, int], None]) -> None:
    """Call ``kernel(low, high)`` for blocks of the elements of `x`."""
    n = x.numel()

    def work(block: int) -> None:
        low = block * _ELEMENTS_PER_BLOCK
        kernel(low, min(low + _ELEMENTS_PER_BLOCK, n))

    run_blocks(-(-n // _ELEMENTS_PER_BLOCK), work)
