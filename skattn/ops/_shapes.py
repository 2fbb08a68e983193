"""Allocations of operations on the meta device, to estimate memory.

The memory of a training step is estimated by running it on the meta device. Backends
describe the tensors that a kernel makes; ``allocate`` makes tensors of these shapes
with the same lifetimes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from skattn.ops._edges import Edges

__all__ = ["Footprint", "allocate", "copied"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Footprint:
    """Shapes of the tensors that a call makes, forward and backward."""

    output: Shape
    """Shape of the result."""
    inputs: tuple[Tensor | None, ...]
    """Differentiable inputs; each gradient has the shape of its input."""
    saved: tuple[Tensor | None, ...] = ()
    """Tensors of the caller that the backward pass keeps."""
    keeps_output: bool = False
    """Whether the backward pass keeps the result."""
    kept: tuple[Shape, ...] = ()
    """Other results of the forward pass that the backward pass keeps."""
    forward: tuple[Shape, ...] = ()
    """Temporary tensors of the forward pass."""
    backward: tuple[Shape, ...] = ()
    """Temporary tensors of the backward pass, without the gradients."""
    sorts: Edges | None = None
    """Edges that the backward pass sorts by sender; the result is cached."""


def allocate(footprint_of: Callable[..., Footprint], *arguments: Any) -> Tensor:
    """Allocate the output tensors of a call, in the forward and the backward pass."""
    footprint = footprint_of(*arguments)
    out: Tensor = _Allocate.apply(footprint, *footprint.inputs)  # type: ignore[no-untyped-call]
    return out


class _Allocate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, footprint: Footprint, *inputs: Tensor | None) -> Tensor:
        like = next(tensor for tensor in inputs if tensor is not None)
        _held = [like.new_empty(shape) for shape in footprint.forward]
        kept = [like.new_empty(shape) for shape in footprint.kept]
        out = like.new_empty(footprint.output)
        kept += [out] if footprint.keeps_output else []
        ctx.footprint = footprint
        ctx.shapes = [None if x is None else x.shape for x in inputs]
        ctx.save_for_backward(*footprint.saved, *kept)
        return out

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        footprint, _saved = ctx.footprint, ctx.saved_tensors
        _held = [dout.contiguous()]
        _held += [dout.new_empty(shape) for shape in footprint.backward]
        if footprint.sorts is not None:
            _sort_by_sender(footprint.sorts)
        needs = ctx.needs_input_grad[1:]
        return None, *(
            dout.new_empty(shape) if needed and shape is not None else None
            for shape, needed in zip(ctx.shapes, needs, strict=True)
        )


_BY_SENDER: WeakKeyDictionary[Edges, tuple[Tensor, ...]] = WeakKeyDictionary()


def _sort_by_sender(edges: Edges) -> None:
    """Make the arrays of the edges sorted by sender, cached as long as the edges."""
    if edges not in _BY_SENDER:
        indptr = edges.indptr.new_empty(edges.n_senders + 1)
        arrays = torch.empty_like(edges.senders), torch.empty_like(edges.senders)
        _BY_SENDER[edges] = indptr, *arrays


def copied(*tensors: Tensor | None) -> tuple[Shape, ...]:
    """Return the shapes of copies of tensors that are not contiguous."""
    return tuple(x.shape for x in tensors if x is not None and not x.is_contiguous())
