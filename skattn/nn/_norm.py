"""Normalisation layers by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

Norm = Literal["layer", "batch"]


class BatchPart(Protocol):
    """Part of a batch that is computed apart from the others."""

    @property
    def is_first(self) -> bool:
        """Whether it is the first of its process, which keeps running statistics."""

    def add(self, vector: Tensor) -> Tensor:
        """Return the sum of the vectors (n,) of all parts; it waits for them."""


_PART: ContextVar[BatchPart | None] = ContextVar("skattn_batch_part", default=None)


@contextmanager
def part_of_batch(part: BatchPart) -> Iterator[None]:
    """Normalise by the statistics of the whole batch of a part, within the context."""
    token = _PART.set(part)
    try:
        yield
    finally:
        _PART.reset(token)


def make_norm(norm: Norm | None, width: int) -> nn.Module:
    """Make a normalisation layer of ``width`` columns; the identity for None."""
    if norm == "layer":
        return nn.LayerNorm(width)
    return BatchNorm(width) if norm == "batch" else nn.Identity()


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation; a single row has the running statistics, also in training.

    A batch of graphs may have one node in all, whose variance is not defined. Within
    :func:`part_of_batch`, statistics are of all parts, as in synchronised batch
    normalisation.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the columns of x, (n_rows, width)."""
        part = _PART.get()
        if self.training and part is not None:
            return self._normalize_part(x, part)
        if len(x) > 1:
            return super().forward(x)
        return self._normalize_by_running(x)

    def _normalize_by_running(self, x: Tensor) -> Tensor:
        statistics = self.running_mean, self.running_var
        return functional.batch_norm(
            x, *statistics, self.weight, self.bias, eps=self.eps
        )

    def _normalize_part(self, x: Tensor, part: BatchPart) -> Tensor:
        """Normalise the rows of one part, of at least two in all parts."""
        found: tuple[Tensor, Tensor, Tensor, Tensor] = _NormalizePart.apply(  # type: ignore[no-untyped-call]
            x, self.weight, self.bias, self.eps, part
        )
        normalized, n_rows, mean, variance = found
        if part.is_first:
            self._update_running(n_rows, mean, variance)
        return normalized

    @torch.no_grad()
    def _update_running(self, n_rows: Tensor, mean: Tensor, variance: Tensor) -> None:
        """Update the running mean and the running unbiased variance."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        unbiased = variance * (n_rows / (n_rows - 1))
        self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
        self.running_var.lerp_(unbiased.to(self.running_var), self.momentum)
        self.num_batches_tracked.add_(1)


class _NormalizePart(torch.autograd.Function):
    """Batch normalisation of the rows of a part, with sums over all parts.

    The sums are in float64 on the CPU. Rows are passed over by the kernels of batch
    normalisation by given statistics.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, part: BatchPart
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        n_rows, mean, variance = _statistics(x, part)
        known = mean.to(x), variance.to(x)
        ctx.save_for_backward(x, weight, *known, n_rows)
        ctx.part, ctx.eps = part, eps
        ctx.mark_non_differentiable(n_rows, mean, variance)
        normalized = functional.batch_norm(x, *known, weight, bias, eps=eps)
        return normalized, n_rows, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, variance, n_rows = ctx.saved_tensors
        scale = (variance + ctx.eps).rsqrt()
        # as if mean and variance did not depend on x
        of_x, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            *(grad, x, weight, mean, variance, mean, scale),
            *(False, ctx.eps, [True, True, True]),
        )
        own = torch.cat([of_bias, of_weight]).cpu().double()
        level, slope = (ctx.part.add(own) / n_rows).to(grad).split(len(scale))
        slope = weight * scale.square() * slope
        of_x.addcmul_(x, -slope).add_(mean * slope - weight * scale * level)
        return of_x, of_weight, of_bias, None, None


def _statistics(x: Tensor, part: BatchPart) -> tuple[Tensor, Tensor, Tensor]:
    """Return number of rows, means and biased variances of the columns of all parts."""
    own = torch.zeros(1 + 2 * x.shape[1], dtype=torch.float64)
    if len(x):
        center = x.mean(0)
        spread = (x - center).square().mean(0)  # torch.var takes ten times as long
        mean, variance = torch.stack([center, spread]).cpu().double()
        own = len(x) * torch.cat([mean.new_ones(1), mean, variance + mean.square()])
    n_rows, sums, squares = part.add(own).split([1, x.shape[1], x.shape[1]])
    mean = sums / n_rows
    return n_rows, mean, (squares / n_rows - mean.square()).clamp(min=0)
