"""Decorator for autograd functions with first-order gradients only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.function import once_differentiable as once_only

__all__ = ["once_differentiable"]

_Backward = Callable[..., Any]


def once_differentiable(backward: _Backward) -> _Backward:
    """Refuse second-order gradients, as torch's decorator does, with less overhead."""
    refusing = once_only(backward)

    def call(ctx: Any, *grads: Any) -> Any:
        return (refusing if torch.is_grad_enabled() else backward)(ctx, *grads)

    return call
