"""Element-wise dropout with a mask computed by a hash of positions."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._backends import Spec, implementation
from skattn.ops._random import check_dropout

__all__ = ["dropout"]


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """Apply dropout: zero random elements and scale the others by ``1 / (1 - p)``.

    The mask is not stored: forward and backward compute it from a hash of the seed and
    the position of each element, so that it is the same on every device and with any
    number of threads.

    Parameters
    ----------
    x : Tensor of any shape
        Differentiable.
    p : float
        Probability that an element is dropped, in [0, 1).
    seed : int
        Seed of the mask.

    Returns
    -------
    Tensor of the shape of ``x``
        ``x / (1 - p)`` or 0; ``x`` itself if ``p`` is 0.

    Raises
    ------
    ValueError
        If ``p`` is not in [0, 1).

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import dropout
    >>> dropout(torch.ones(100), p=0.5, seed=1).unique()
    tensor([0., 2.])
    """
    check_dropout(p)
    if p == 0 or x.numel() == 0:
        return x
    return implementation(Spec.of("dropout", x))(x, p, seed)
