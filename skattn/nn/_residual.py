"""Linear residual with gates."""

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable, glorot_
from skattn.nn._rows import add_matmul, matmul
from skattn.ops import SparseMatrix


class LinearResidual(Resettable):
    """Linear map ``x W diag(gate)`` with one learned gate per column.

    Small initial gates (LayerScale, Touvron et al. 2021, equation 4) delay overfitting
    to a node's own features if there are many features and few labels.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        start: float = 1.0,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.start = start
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.gate = nn.Parameter(torch.empty(out_features))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the weight and set the gates to ``start``."""
        glorot_(self.weight, sum(self.weight.shape), generator)
        nn.init.constant_(self.gate, self.start)

    def forward(self, x: Tensor | SparseMatrix) -> Tensor:
        """Compute ``x W diag(gate)``."""
        return matmul(x, self.weight * self.gate)

    def add_to(self, h: Tensor, x: Tensor | SparseMatrix) -> Tensor:
        """Compute ``h + x W diag(gate)`` in one call."""
        return add_matmul(h, x, self.weight * self.gate)
