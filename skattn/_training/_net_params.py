"""Errors of a user's ``net_params`` and skorch callbacks, in the user's terms."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from skorch.callbacks import Callback
from skorch.exceptions import SkorchException

_ERRORS = (AttributeError, IndexError, KeyError, NameError, SkorchException, TypeError)


def is_callback(entry: Any) -> bool:
    """Return whether skorch accepts an entry of ``callbacks``."""
    if isinstance(entry, tuple):
        return len(entry) == 2 and is_callback(entry[1])
    return hasattr(entry, "on_epoch_end") and hasattr(entry, "set_params")


@contextmanager
def argument_errors(net_params: dict) -> Iterator[None]:
    """Raise ValueError where skorch or torch cannot use ``net_params``."""
    try:
        yield
    except (*_ERRORS, ValueError) as error:
        if not net_params:
            raise
        raise ValueError(
            "net_params must be arguments of skorch's NeuralNet, such as optimizer, "
            f"optimizer__betas and callbacks, got {sorted(net_params)}, which it "
            f"refuses: {type(error).__name__}: {error}."
        ) from error


@contextmanager
def callback_errors() -> Iterator[None]:
    """Raise ValueError, with the callback's name, where one of skorch's own fails.

    Errors of users' classes are theirs and not changed.
    """
    try:
        yield
    except _ERRORS as error:
        callback = _failed_callback(error.__traceback__)
        if callback is None:
            raise
        raise ValueError(
            "Callbacks in net_params must be able to run on batches of graphs, got a "
            f"failure of {type(callback).__name__}: {type(error).__name__}: {error}. "
            "A callback that monitors valid_loss needs a validation set "
            "(early_stopping or X_val), or monitor='train_loss'; EpochScoring needs a "
            "function of (net, batches, y) and a target_extractor, or use the "
            "estimator's scoring= instead."
        ) from error


def _failed_callback(trace: TracebackType | None) -> Callback | None:
    """Return the callback of skorch that an error passed through, or None."""
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        own = type(owner).__module__.partition(".")[0] == "skorch"
        if own and isinstance(owner, Callback):
            return owner
        trace = trace.tb_next
    return None
