"""Training of a net, and prediction with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from skattn._training._adam import Adam
from skattn._training._batch_source import BatchSource, TrainingData
from skattn._training._buffers import reuse_large_buffers
from skattn._training._callbacks import (
    SCORE_DIGITS,
    KeepBest,
    ScoreValidation,
    StopIfDiverged,
    StopIfIdle,
)
from skattn._training._finite import check_outputs, check_trained
from skattn._training._memory import check_memory
from skattn._training._net import AttentionNet
from skattn._training._net_params import argument_errors, callback_errors
from skattn._training._objectives import Objective
from skattn._training._schedule import cooldown, drop_optimizers, has_schedule
from skattn._training._sharing import shared_outputs, take_first_weights
from skattn._training._stored import Weights
from skattn._training._threads import limit_threads
from skattn._training._work import work_of


@dataclass(frozen=True, kw_only=True)
class Training:
    """Training options; default values are in the estimators."""

    learning_rate: float
    """Learning rate; falls to 0 over the last epochs if no callback schedules it."""
    weight_decay: float
    """L2 penalty on all parameters, if the optimizer has one."""
    max_epochs: int
    """Maximum number of epochs."""
    patience: int | None
    """Number of epochs without progress in validation after which to stop and restore
    the best weights; None: train to the end and keep the last weights."""
    score: Callable[[np.ndarray], float] | None = None
    """Score of the validation outputs (n_targets, n_outputs), greater is better; None
    for that of the objective."""
    verbose: int = 0
    """Whether to print a line per epoch."""
    net_params: dict = field(default_factory=dict)
    """Further arguments of the skorch net."""
    callbacks: list = field(default_factory=list)
    """Further skorch callbacks."""


def train(
    objective: Objective,
    data: TrainingData,
    training: Training,
    *,
    generator: torch.Generator,
    initial_weights: Weights | None = None,
) -> AttentionNet:
    """Train the module of an objective.

    Parameters
    ----------
    objective : Objective
        The training objective.
    data : tuple of (BatchSource, BatchSource or None)
        Training data and validation data, on the same device.
    training : Training
        Options.
    generator : torch.Generator
        Source of all random numbers, on the CPU.
    initial_weights : dict of str to Tensor, optional
        Initial weights by name in the module; other weights are random.

    Returns
    -------
    AttentionNet
        The trained net; ``interrupted_`` if the user interrupted it.

    Raises
    ------
    MemoryError
        If a training step does not fit into memory; checked before allocation.
    ValueError
        If the training loss is no longer a finite number, no validation loss is, or a
        weight is not at the end; if skorch refuses `net_params` or a callback of
        skorch fails.
    KeyboardInterrupt
        If the user interrupted the training and a weight is not finite.
    """
    source, validation = data
    check_memory(objective, source)
    params = dict(training.net_params)
    user_callbacks = list(params.pop("callbacks", None) or [])
    callbacks = _callbacks(training, user_callbacks, validated=validation is not None)
    with argument_errors(training.net_params):
        net = AttentionNet(
            objective,
            source.n_features,
            generator=generator,
            device=str(source.device),
            callbacks=callbacks,
            **_batch_sizes(source, validation) | _defaults(training, params) | params,
        )
        net.initialize()
    weights = net.module_.state_dict() | (initial_weights or {})
    net.module_.load_state_dict(weights)
    work = work_of(net.module_, source)
    source = source.with_microbatches(net.module_, work)
    threads, buffers = limit_threads(work), reuse_large_buffers(net.module_, source)
    with threads, buffers, callback_errors():
        net.partial_fit((source, validation))
    take_first_weights(net.module_)
    with limit_threads(work):
        check_trained(net)
    # release the data and the callback contexts
    net.callbacks = user_callbacks
    net.callbacks_ = []
    drop_optimizers(user_callbacks)
    return net


def predict(net: AttentionNet, source: BatchSource) -> np.ndarray:
    """Compute the outputs (n_targets, n_outputs) of a net, float32.

    The net moves to the source's device.

    Raises
    ------
    ValueError
        If an output is not finite.
    """
    net.move_to(source.device)

    def outputs(part):
        answers = [net.evaluation_step((batch, None)) for batch, _ in part.epoch(None)]
        return torch.cat(answers).cpu()

    found = shared_outputs(outputs, source).numpy()
    check_outputs(found)
    return found


def _batch_sizes(
    source: BatchSource, validation: BatchSource | None
) -> dict[str, float]:
    """Return arguments of the net with which callbacks count the batches of an epoch.

    The net itself does not use them, as sources make the batches.
    """
    sizes = {"iterator_train__batch_size": _batch_size(source)}
    if validation is not None:
        sizes["iterator_valid__batch_size"] = _batch_size(validation)
    return sizes


def _batch_size(source: BatchSource) -> float:
    """Return a size of which the targets fill as many batches as an epoch has."""
    n_targets, size = len(source), source.batch_size
    if size is None or size >= n_targets:
        return n_targets
    if n_targets % size != 1:
        return size
    # a single remaining target joins the preceding batch
    return (1 + 1e-12) * n_targets / (n_targets // size)


def _callbacks(training: Training, users: list, *, validated: bool) -> list:
    """Order the callbacks: those after one that stops training miss the epoch's end."""
    first: list[Callback] = [StopIfDiverged()]
    if validated and training.score is not None:
        first.append(ScoreValidation(training.score))
    if not has_schedule(users):
        first.append(cooldown(training.max_epochs))
    if not validated or training.patience is None:
        return [*first, *training.callbacks, *users]
    best = KeepBest(SCORE_DIGITS if training.score is None else None)
    stop = StopIfIdle(best, training.patience)
    return [*first, best, *training.callbacks, *users, stop]


def _defaults(training: Training, params: dict) -> dict:
    defaults: dict[str, Any] = {
        "lr": training.learning_rate,
        "max_epochs": training.max_epochs,
        "verbose": training.verbose,
        "train_split": None,
    }
    if "optimizer" not in params:
        defaults["optimizer"] = Adam
    options = signature(params.get("optimizer", torch.optim.Adam)).parameters
    takes_any = any(option.kind == option.VAR_KEYWORD for option in options.values())
    if "weight_decay" in options or takes_any:
        defaults["optimizer__weight_decay"] = training.weight_decay
    return defaults
