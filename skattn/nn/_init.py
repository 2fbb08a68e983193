"""Weight initialisation from an explicit generator."""

import math

import torch
from torch import Generator, Tensor, nn


def glorot_(weight: Tensor, fan: int, generator: Generator | None) -> None:
    """Fill ``weight`` uniformly with variance ``2 / fan`` (Glorot and Bengio 2010)."""
    bound = math.sqrt(6.0 / fan)
    with torch.no_grad():
        weight.uniform_(-bound, bound, generator=generator)


class Resettable(nn.Module):
    """Module that draws the weights of all submodules from one generator."""

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights: matrices Glorot uniform, biases zero.

        Parameters
        ----------
        generator : torch.Generator, optional
            Generator of the weights; torch's global one if not given.
        """
        reset_children(self, generator)


def reset_children(module: nn.Module, generator: Generator | None) -> None:
    """Draw the weights of all submodules, in order."""
    for child in module.children():
        if isinstance(child, nn.LayerNorm | nn.BatchNorm1d):
            child.reset_parameters()
        elif isinstance(child, nn.ModuleList):
            reset_children(child, generator)
        elif isinstance(child, Resettable):
            child.reset_parameters(generator)
        elif any(True for _ in child.parameters()):  # would stay uninitialised
            raise TypeError(
                "submodules with weights must be Resettable, so that one generator "
                f"draws all weights, got {type(child).__name__}. Use modules of "
                "skattn.nn, such as Linear."
            )
