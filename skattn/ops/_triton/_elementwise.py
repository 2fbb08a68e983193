"""Element-wise operations on CUDA devices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._elementwise import dropout_by, elu_by
from skattn.ops._triton import _elementwise_kernels as kernels
from skattn.ops._triton._launch import cdiv, dropout_words, launch

__all__ = ["dropout", "elu"]

_BLOCK = 1024
"""Elements per program."""


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """See `skattn.ops.dropout`."""
    return dropout_by(_drop, x, p, seed)


def _drop(x: Tensor, p: float, seed: int) -> Tensor:
    words = dropout_words(p, seed, x.device)
    return _run(kernels.drop, x=x.contiguous(), dropout_words=words, grow=1 / (1 - p))


def elu(x: Tensor) -> Tensor:
    """See `skattn.ops.elu`."""
    return elu_by(_elu, _elu_gradient, x)


def _elu(x: Tensor) -> Tensor:
    return _run(kernels.elu, x=x)


def _elu_gradient(y: Tensor, dout: Tensor) -> Tensor:
    return _run(kernels.elu_gradient, y=y, dout=dout)


def _run(kernel: Any, **arguments: Any) -> Tensor:
    """Run a kernel on all elements of its first argument; return its result."""
    first = next(iter(arguments.values()))
    out, n = torch.empty_like(first), first.numel()
    sizes = {"out": out, "n": n, "BLOCK": _BLOCK, "num_warps": 4}
    launch(kernel, (cdiv(n, _BLOCK),), arguments | sizes)
    return out
