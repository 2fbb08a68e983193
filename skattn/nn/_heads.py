"""Prediction heads: maps from the codes of targets to outputs."""

from typing import cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._activation import Activation
from skattn.nn._activation import activation as activation_of
from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._rows import drop


class LinearHead(Resettable):
    """Dropout and a linear map of the codes of target nodes or graphs.

    The last ``n_appended`` columns get no dropout.
    """

    def __init__(
        self, width: int, n_outputs: int, *, dropout: float = 0.0, n_appended: int = 0
    ) -> None:
        super().__init__()
        self.dropout, self.widths = dropout, (width - n_appended, n_appended)
        self.linear = Linear(width, n_outputs)

    def forward(self, codes: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Map codes (n_targets, width) to outputs (n_targets, n_outputs)."""
        if self.training and self.dropout:
            codes = _drop_first(codes, self.widths, self.dropout, generator)
        outputs: Tensor = self.linear(codes)
        return outputs


class DescriptorHead(Resettable):
    """A linear map and one hidden layer, of codes of graphs that end in descriptors.

    The hidden layer lets descriptors interact with the code; they get no dropout, since
    each is one number that no other repeats.
    """

    def __init__(
        self,
        widths: tuple[int, int],
        n_outputs: int,
        hidden_dim: int,
        *,
        activation: Activation,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.widths, self.dropout = widths, dropout
        self.linear = Linear(sum(widths), n_outputs)
        self.expand = Linear(sum(widths), hidden_dim)
        self.contract = Linear(hidden_dim, n_outputs, bias=False)
        self.activation = activation_of(activation)

    def forward(self, codes: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Map codes (n_targets, width + n_descriptors) to (n_targets, n_outputs)."""
        joined = codes
        if self.training and self.dropout:
            joined = _drop_first(codes, self.widths, self.dropout, generator)
        hidden = self.activation(self.expand(joined))
        outputs: Tensor = self.linear(joined) + self.contract(hidden)
        return outputs


class IdentityHead(nn.Module):
    """Identity head after an output attention, which computes the outputs."""

    def forward(self, codes: Tensor, **_options: object) -> Tensor:
        """Return the codes; options of other heads are ignored."""
        return codes


def _drop_first(
    codes: Tensor, widths: tuple[int, int], p: float, generator: Generator | None
) -> Tensor:
    """Apply dropout to the first columns of codes, not to the others."""
    if widths[1] == 0:
        return cast("Tensor", drop(codes, p, generator))
    first, others = codes.split(widths, 1)
    return torch.cat([cast("Tensor", drop(first, p, generator)), others], 1)
