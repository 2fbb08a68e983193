"""Exponential linear unit."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._backends import Spec, implementation

__all__ = ["elu"]


def elu(x: Tensor) -> Tensor:
    """Apply the exponential linear unit element-wise.

    Parameters
    ----------
    x : Tensor of any shape
        Differentiable.

    Returns
    -------
    Tensor of the shape of ``x``
        ``x`` where positive, else ``exp(x) - 1``.

    Notes
    -----
    The compiled kernel is faster than :func:`torch.nn.functional.elu`: the backward
    pass computes the gradient, ``out + 1`` for negative ``x``, without an exponential.
    For ``x`` near zero, ``exp(x) - 1`` loses relative, but not absolute, precision.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import elu
    >>> elu(torch.tensor([2.0, -0.6931472]))
    tensor([ 2.0000, -0.5000])
    """
    return implementation(Spec.of("elu", x))(x)
