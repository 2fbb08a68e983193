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
    """The labels that these are a share of; losses of all shares add up to one loss."""

    @cached_property
    def total_weight(self) -> Tensor:
        """The sum of all weights, clamped above zero."""
        if self.whole is not None:
            return self.whole.total_weight
        return self.weight.sum().clamp(min=torch.finfo(self.weight.dtype).tiny)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: np.ndarray) -> "Labels":
        chosen = torch.from_numpy(rows)
        return Labels(self.y[chosen], self.weight[chosen])

    def share(self, rows: slice) -> "Labels":
        """Slice the labels; the losses of all slices add up to that of the whole.

        Parameters
        ----------
        rows : slice
            Positions among these labels.

        Returns
        -------
        Labels
            Labels with the same total weight as before.
        """
        return Labels(self.y[rows], self.weight[rows], self)

    def to(self, device: torch.device) -> "Labels":
        """Copy to a device.

        Parameters
        ----------
        device : torch.device
            Device of the copies.

        Returns
        -------
        Labels
            The same labels.
        """
        return Labels(self.y.to(device), self.weight.to(device))

    def mean(self, values: Tensor) -> Tensor:
        """Average by weight; zero in a batch without known labels.

        Parameters
        ----------
        values : Tensor
            One value per label, shaped like ``y``.

        Returns
        -------
        Tensor of shape ()
            The weighted mean.
        """
        return (values * self.weight).sum() / self.total_weight
