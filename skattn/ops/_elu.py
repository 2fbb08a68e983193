"""Exponential linear unit with a gradient from its output."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._backends import Spec, implementation

__all__ = ["elu"]


def elu(x: Tensor) -> Tensor:
    """Exponential linear unit: ``x`` where positive, else ``exp(x) - 1``.

    Parameters
    ----------
    x : Tensor of any shape
        Differentiable.

    Returns
    -------
    Tensor of the shape of `x`
        ``x`` where positive, else ``exp(x) - 1``.

    Notes
    -----
    Where the output is not positive, the gradient is the output + 1. The compiled
    kernel is several times faster than torch's, which computes ``exp(x) - 1`` to the
    last digit near zero, and the exponential a second time in the backward pass.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import torch
    >>> elu(torch.tensor([2.0, -0.6931472]))
    tensor([ 2.0000, -0.5000])
    """
    return implementation(Spec.of("elu", x))(x)
