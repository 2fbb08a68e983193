"""Autograd of the element-wise operations, from the kernels of a backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["dropout_by", "elu_by"]

Elu = Callable[[Tensor], Tensor]
"""Function from contiguous x to the ELU of x."""
EluGradient = Callable[[Tensor, Tensor], Tensor]
"""Function from the output of the ELU and its contiguous gradient to that of x."""
Drop = Callable[[Tensor, float, int], Tensor]
"""Function from x, probability and seed to x with dropout."""


def elu_by(elu: Elu, gradient: EluGradient, x: Tensor) -> Tensor:
    """Apply the exponential linear unit by two kernels, see `skattn.ops.elu`."""
    out: Tensor = _Elu.apply(elu, gradient, x)  # type: ignore[no-untyped-call]
    return out


class _Elu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, elu: Elu, gradient: EluGradient, x: Tensor) -> Tensor:
        y = elu(x.contiguous())
        ctx.gradient = gradient
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        (y,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return None, None, torch.where(y > 0, dout, dout * (y + 1))
        return None, None, ctx.gradient(y, dout.contiguous())


def dropout_by(drop: Drop, x: Tensor, p: float, seed: int) -> Tensor:
    """Apply dropout by a kernel, see `skattn.ops.dropout`."""
    out: Tensor = _Dropout.apply(drop, x, p, seed)  # type: ignore[no-untyped-call]
    return out


class _Dropout(torch.autograd.Function):
    """The gradient is dropout with the same mask."""

    @staticmethod
    def forward(ctx: Any, drop: Drop, x: Tensor, p: float, seed: int) -> Tensor:
        ctx.drop, ctx.p, ctx.seed = drop, p, seed
        return drop(x, p, seed)

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        if torch.is_grad_enabled():
            return None, dropout_by(ctx.drop, dout, ctx.p, ctx.seed), None, None
        return None, ctx.drop(dout, ctx.p, ctx.seed), None, None
