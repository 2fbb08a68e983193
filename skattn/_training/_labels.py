"""Labels of target nodes or graphs, and their weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels and weights of a batch's targets."""

    y: Tensor
    """(n_targets,) int64 classes, or (n_targets, n_outputs) float32."""
    weight: Tensor
    """Like ``y``, float32; 0 where the label is unknown."""
    whole: "Labels | None" = None
    """Labels of the batch that these are a part of; losses of the parts add up."""

    @cached_property
    def total_weight(self) -> Tensor:
        """Sum of the weights of the batch, at least the smallest positive number."""
        if self.whole is not None:
            return self.whole.total_weight
        return self.weight.sum().clamp(min=torch.finfo(self.weight.dtype).tiny)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: np.ndarray) -> "Labels":
        chosen = torch.from_numpy(rows)
        return Labels(self.y[chosen], self.weight[chosen])

    def share(self, rows: slice) -> "Labels":
        """Return a part of the labels with the total weight of all."""
        return Labels(self.y[rows], self.weight[rows], self)

    def to(self, device: torch.device) -> "Labels":
        """Copy to a device."""
        return Labels(self.y.to(device), self.weight.to(device))

    def mean(self, values: Tensor) -> Tensor:
        """Return the weighted mean of values like ``y``; 0 without known labels."""
        return (values * self.weight).sum() / self.total_weight
