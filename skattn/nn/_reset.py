"""Drawing the weights of a module's parts from one generator."""

from typing import Protocol, runtime_checkable

from torch import Generator, nn


@runtime_checkable
class Resettable(Protocol):
    """A module whose weights can be drawn from a generator."""

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights anew."""


def reset_children(module: nn.Module, generator: Generator | None) -> None:
    """Draw the weights of a module's parts anew, in order."""
    for child in module.children():
        if isinstance(child, nn.LayerNorm | nn.BatchNorm1d):
            child.reset_parameters()
        elif isinstance(child, nn.ModuleList):
            reset_children(child, generator)
        elif isinstance(child, Resettable):
            child.reset_parameters(generator)


class Composite(nn.Module):
    """A module whose weights are those of its parts."""

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights anew.

        Parameters
        ----------
        generator : torch.Generator, optional
            Source of the weights; torch's global one if not given.
        """
        reset_children(self, generator)
