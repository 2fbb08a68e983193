"""What a network is trained towards, and how far it is."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

Loss = Literal["cross_entropy", "binary_cross_entropy", "squared_error"]


@dataclass(frozen=True, eq=False)
class Labels:
    """The answers for a batch's targets, and how much each counts."""

    y: Tensor
    """(n_targets,) int64 classes, or (n_targets, n_outputs) float32."""
    weight: Tensor
    """Like ``y``, float32; 0 where the answer is unknown."""
    whole: "Labels | None" = None
    """The answers of which these are some, whose losses shall add up."""

    @cached_property
    def total_weight(self) -> Tensor:
        """The sum of all weights, not quite zero where nothing counts."""
        if self.whole is not None:
            return self.whole.total_weight
        return self.weight.sum().clamp(min=torch.finfo(self.weight.dtype).tiny)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: np.ndarray) -> "Labels":
        chosen = torch.from_numpy(rows)
        return Labels(self.y[chosen], self.weight[chosen])

    def share(self, rows: slice) -> "Labels":
        """Take some of the answers, so that losses over all shares add up to one.

        Parameters
        ----------
        rows : slice
            Which.

        Returns
        -------
        Labels
            Each of them counts as it does among all.
        """
        return Labels(self.y[rows], self.weight[rows], self)

    def to(self, device: torch.device) -> "Labels":
        """Copy to a device.

        Parameters
        ----------
        device : torch.device
            Where the tensors shall be.

        Returns
        -------
        Labels
            The same answers.
        """
        return Labels(self.y.to(device), self.weight.to(device))


class WeightedLoss(nn.Module):
    """The weighted mean of a loss over all known answers.

    Parameters
    ----------
    kind : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        The loss of one answer.
    """

    def __init__(self, kind: Loss) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, output: Tensor, goal: Labels) -> Tensor:
        """Compute the loss of the outputs (n_targets, n_outputs)."""
        functional = nn.functional
        if self.kind == "cross_entropy":
            each = functional.cross_entropy(output, goal.y, reduction="none")
        elif self.kind == "binary_cross_entropy":
            each = functional.binary_cross_entropy_with_logits(
                output, goal.y, reduction="none"
            )
        else:
            each = functional.mse_loss(output, goal.y, reduction="none")
        return _mean(each, goal)

    def score(self, output: Tensor, goal: Labels) -> Tensor:
        """Compute a score that grows: accuracy, or minus the squared error."""
        if self.kind == "squared_error":
            return -self(output, goal)
        if self.kind == "cross_entropy":
            right = output.argmax(1) == goal.y
        else:
            right = (output > 0) == (goal.y > 0.5)
        return _mean(right, goal)


def _mean(values: Tensor, goal: Labels) -> Tensor:
    """Average by weight; zero in a batch where nothing is known."""
    return (values * goal.weight).sum() / goal.total_weight
