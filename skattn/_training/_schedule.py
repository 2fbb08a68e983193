"""Learning-rate schedule."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import LambdaLR

COOLDOWN_FRACTION = 0.3
"""Fraction of the epochs with a falling learning rate, see docs/defaults.md."""


def cooldown(max_epochs: int) -> LRScheduler:
    """Make the schedule: a constant learning rate, then a cooldown to 0.

    It lowers the loss of the last epochs (Haegele et al. 2024, section 3). A training
    that validation stops may end before it.
    """
    return LRScheduler(LambdaLR, lr_lambda=partial(_factor, n_epochs=max_epochs))


def _factor(epoch: int, n_epochs: int) -> float:
    """Return the factor of the learning rate: 1, then half a cosine down to 0."""
    done = (epoch / n_epochs - (1 - COOLDOWN_FRACTION)) / COOLDOWN_FRACTION
    return 0.5 * (1 + math.cos(math.pi * max(done, 0.0)))


def has_schedule(callbacks: Sequence[Any]) -> bool:
    """Return whether skorch callbacks contain a learning-rate schedule."""
    return any(
        isinstance(callback, LRScheduler)
        or (isinstance(callback, type) and issubclass(callback, LRScheduler))
        for callback in map(_unnamed, callbacks)
    )


def drop_optimizers(callbacks: Sequence[Any]) -> None:
    """Remove the optimizer, which is twice as large as the weights, from schedules."""
    for callback in map(_unnamed, callbacks):
        if isinstance(callback, LRScheduler):
            vars(callback).pop("lr_scheduler_", None)


def _unnamed(entry: Any) -> Any:
    return entry[-1] if isinstance(entry, tuple | list) else entry
