"""Losses and validation scores of labelled targets."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from torch import Tensor
from torch.nn import functional

Loss = Literal["cross_entropy", "binary_cross_entropy", "squared_error"]


class Criterion(NamedTuple):
    """Loss and score per label, functions of (outputs, y)."""

    loss: Callable[[Tensor, Tensor], Tensor]
    """Training loss, shaped like ``y``."""
    score: Callable[[Tensor, Tensor], Tensor]
    """Validation score, shaped like ``y``; greater is better."""


_squared_error = partial(functional.mse_loss, reduction="none")


def _is_class(outputs: Tensor, y: Tensor) -> Tensor:
    return outputs.argmax(1) == y


def _is_indicator(outputs: Tensor, y: Tensor) -> Tensor:
    return (outputs > 0) == (y > 0.5)


def _minus_squared_error(outputs: Tensor, y: Tensor) -> Tensor:
    return -_squared_error(outputs, y)


CRITERIA: dict[Loss, Criterion] = {
    "cross_entropy": Criterion(
        partial(functional.cross_entropy, reduction="none"), _is_class
    ),
    "binary_cross_entropy": Criterion(
        partial(functional.binary_cross_entropy_with_logits, reduction="none"),
        _is_indicator,
    ),
    "squared_error": Criterion(_squared_error, _minus_squared_error),
}
"""Criteria of classes, multilabel indicators and numbers."""
