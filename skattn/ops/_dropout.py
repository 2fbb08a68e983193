"""Element-wise dropout by a hash of positions instead of a stored mask."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._backends import Spec, implementation
from skattn.ops._random import check_dropout

__all__ = ["dropout"]


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """Set random elements to zero and scale the others to keep the mean.

    Parameters
    ----------
    x : Tensor of any shape
        Differentiable.
    p : float
        Probability that an element is dropped, in [0, 1).
    seed : int
        Seed of the mask, which is the same on every device and at every number of
        threads.

    Returns
    -------
    Tensor of the shape of `x`
        ``x / (1 - p)`` where kept, else 0; `x` itself if `p` is 0.

    Raises
    ------
    ValueError
        If `p` is not in [0, 1).

    Notes
    -----
    The mask is not stored but computed again in the backward pass, from the position of
    an element in the contiguous tensor; `skattn.ops._random` defines the hash.

    Examples
    --------
    >>> import torch
    >>> dropout(torch.ones(6), p=0.5, seed=1)
    tensor([...])
    """
    check_dropout(p)
    if p == 0 or x.numel() == 0:
        return x
    return implementation(Spec.of("dropout", x))(x, p, seed)
