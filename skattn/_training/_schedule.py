"""Learning-rate schedule, and detection of a user's own."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import LambdaLR

COOLDOWN_FRACTION = 0.3
"""Fraction of the epochs with a falling step size; see "How the defaults were chosen"
in benchmarks/README.md."""


def cooldown(max_epochs: int) -> LRScheduler:
    """Make the schedule with a cooldown of the step size to 0 (Haegele et al. 2024).

    Where no validation chooses among the epochs, the last one's weights are kept, and
    with steps of one size to the end these are one draw among many (section 3).
    """
    return LRScheduler(LambdaLR, lr_lambda=partial(_step_size, n_epochs=max_epochs))


def _step_size(epoch: int, n_epochs: int) -> float:
    """Return 1, then half a cosine down to 0 in the last part of the epochs."""
    done = (epoch / n_epochs - (1 - COOLDOWN_FRACTION)) / COOLDOWN_FRACTION
    return 0.5 * (1 + math.cos(math.pi * max(done, 0.0)))


def has_schedule(callbacks: Sequence[Any]) -> bool:
    """Return whether skorch callbacks, named or not, hold a learning-rate schedule."""
    return any(
        isinstance(callback, LRScheduler)
        or (isinstance(callback, type) and issubclass(callback, LRScheduler))
        for callback in map(_unnamed, callbacks)
    )


def drop_optimizers(callbacks: Sequence[Any]) -> None:
    """Remove the optimizer, which holds twice the weights, from schedules."""
    for callback in map(_unnamed, callbacks):
        if isinstance(callback, LRScheduler):
            vars(callback).pop("lr_scheduler_", None)


def _unnamed(entry: Any) -> Any:
    return entry[-1] if isinstance(entry, tuple | list) else entry
