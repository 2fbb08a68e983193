"""Linear map of dense or sparse rows."""

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable, glorot_
from skattn.nn._rows import add_matmul, matmul
from skattn.ops import SparseMatrix


class Linear(Resettable):
    """Linear layer ``x W + b`` for dense or sparse input.

    Parameters
    ----------
    in_features : int
        Width of the input.
    out_features : int
        Width of the output.
    bias : bool, default=True
        Whether to add a learned bias.
    generator : torch.Generator, optional
        Generator of the initial weights; torch's global one if not given.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import Linear
    >>> Linear(5, 3)(torch.ones(2, 5)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the weight and set the bias to zero."""
        glorot_(self.weight, sum(self.weight.shape), generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor | SparseMatrix) -> Tensor:
        """Compute ``x W + b``.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n, in_features)
            Input rows.

        Returns
        -------
        Tensor of shape (n, out_features)
            Output rows.
        """
        if self.bias is None:
            return matmul(x, self.weight)
        return add_matmul(self.bias, x, self.weight)
