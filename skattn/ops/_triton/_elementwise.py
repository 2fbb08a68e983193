"""Element-wise operations on CUDA devices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._triton import _elementwise_kernels as kernels
from skattn.ops._triton._launch import cdiv, dropout_words, launch

__all__ = ["dropout", "elu"]

_BLOCK = 1024
"""Elements per program."""


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
    words = dropout_words(p, seed, x.device)
    return _run(kernels.drop, x=x.contiguous(), dropout_words=words, grow=1 / (1 - p))


def elu(x: Tensor) -> Tensor:
    """See `skattn.ops.elu`."""
    out: Tensor = _Elu.apply(x)
    return out


class _Elu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = _run(kernels.elu, x=x.contiguous())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return torch.where(y > 0, dout, dout * (y + 1))
        return _run(kernels.elu_gradient, y=y, dout=dout.contiguous())


def _run(kernel: Any, **arguments: Any) -> Tensor:
    """Run a kernel on all elements of its first argument; return its result."""
    first = next(iter(arguments.values()))
    out, n = torch.empty_like(first), first.numel()
    sizes = {"out": out, "n": n, "BLOCK": _BLOCK, "num_warps": 4}
    launch(kernel, (cdiv(n, _BLOCK),), arguments | sizes)
    return out
