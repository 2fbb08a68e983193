"""Normalisation layers by name."""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

Norm = Literal["layer", "batch"]


def make_norm(norm: Norm | None, width: int) -> nn.Module:
    """Make a normalisation layer of ``width`` columns; the identity for None."""
    if norm == "layer":
        return nn.LayerNorm(width)
    return BatchNorm(width) if norm == "batch" else nn.Identity()


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation; a single row has the running statistics, also in training.

    A batch of graphs may have one node in all, whose variance is not defined.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the columns of x, (n_rows, width)."""
        if len(x) > 1:
            return super().forward(x)
        statistics = self.running_mean, self.running_var
        return functional.batch_norm(
            x, *statistics, self.weight, self.bias, eps=self.eps
        )
