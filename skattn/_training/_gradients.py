"""Loss and gradients of microbatches as vectors that can be added."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Gradients:
    """Layout of a vector: the loss, whether each weight has a gradient, gradients."""

    weights: list[nn.Parameter]
    """The weights."""

    @property
    def length(self) -> int:
        """Length of a vector."""
        return 1 + len(self.weights) + sum(weight.numel() for weight in self.weights)

    def pack(self, loss: Tensor, grads: Sequence[Tensor | None]) -> Tensor:
        """Return the vector of a loss and of gradients, some of them None."""
        is_known = torch.tensor([float(grad is not None) for grad in grads])
        rows = [
            torch.zeros_like(weight) if grad is None else grad
            for weight, grad in zip(self.weights, grads, strict=True)
        ]
        flat = [row.reshape(-1) for row in rows]
        return torch.cat([loss.detach().view(1), is_known.to(loss.device), *flat])

    def add(self, vector: Tensor) -> Tensor:
        """Add a vector's gradients to those of the weights; return its loss."""
        n, sizes = len(self.weights), [weight.numel() for weight in self.weights]
        loss, is_known, *grads = vector.split([1, n, *sizes])
        each = zip(self.weights, is_known.tolist(), grads, strict=True)
        for weight, known, grad in each:
            if known:
                found = grad.view_as(weight)
                weight.grad = found if weight.grad is None else weight.grad + found
        return loss[0]
