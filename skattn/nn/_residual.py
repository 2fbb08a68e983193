"""A linear residual with gates."""

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable, glorot_
from skattn.nn._rows import add_matmul, matmul
from skattn.ops import SparseMatrix


class LinearResidual(Resettable):
    """``x W diag(gate)``: a linear map with one learned gate per column.

    Gates that start small (LayerScale, Touvron et al. 2021, equation 4) delay
    overfitting to a node's own features where they are many and labels few.

    Parameters
    ----------
    in_features : int
        Width of the input rows.
    out_features : int
        Width of the output rows.
    start : float, default=1.0
        Initial value of the gates.
    generator : torch.Generator, optional
        Source of the initial weights; torch's global one if not given.

    Shape
    -----
    - Input: ``(n, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n, out_features)``
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
        """Map every row.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n, in_features)
            Rows.

        Returns
        -------
        Tensor of shape (n, out_features)
            The mapped rows.
        """
        return matmul(x, self.weight * self.gate)

    def add_to(self, h: Tensor, x: Tensor | SparseMatrix) -> Tensor:
        """Compute ``h + forward(x)`` in one call.

        Parameters
        ----------
        h : Tensor of shape (n, out_features)
            Rows to add to.
        x : Tensor or SparseMatrix of shape (n, in_features)
            Rows to map.

        Returns
        -------
        Tensor of shape (n, out_features)
            The sums.
        """
        return add_matmul(h, x, self.weight * self.gate)
