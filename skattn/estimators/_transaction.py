"""Transaction of a fit: train a copy, then commit its learned attributes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from skattn._training import (
    Objective,
    TaskReport,
    Training,
    TrainingData,
    check_same_fit,
    confirm_end,
    default_modes,
    shared_work,
    train,
)
from skattn.estimators._defaults import Choice
from skattn.estimators._generator_defaults import GrowthChoice


@dataclass(frozen=True, eq=False)
class Plan:
    """Training plan: objective, data and validation."""

    objective: Objective
    """Module and loss."""
    data: TrainingData
    """Batches of training and validation; None without validation."""
    seed: int
    """Seed of the initial weights, the order of batches and dropout."""
    choice: Choice | GrowthChoice
    """Values of the parameters that can be "auto"."""
    patience: int | None = None
    """Number of epochs without progress in validation after which to stop."""
    score: Callable | None = None
    """Score of the validation outputs; None for that of the objective."""
    initial_weights: dict[str, torch.Tensor] | None = None
    """Initial weights by name; other weights are random."""
    callbacks: list = field(default_factory=list)
    """Further skorch callbacks."""


@default_modes()
def fit(estimator, plan: Callable[[Any], Plan], *, X, y, adjacency):
    """Fit an estimator; if an error is raised, the estimator is unchanged.

    Parameters
    ----------
    estimator : GraphAttentionEstimator
        Its class declares the attributes that ``fit`` sets, ``_learned_attributes``.
    plan : callable
        Function of the attempt, an unfitted copy of the estimator: checks the input,
        sets attributes learned from it and returns a `Plan`.
    X, y, adjacency : object
        The arguments of ``fit``, for scikit-learn's callbacks.

    Returns
    -------
    GraphAttentionEstimator
        The fitted estimator.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupted the training; the weights are kept.
    """
    with shared_work():
        return _fit(estimator, plan, X=X, y=y, adjacency=adjacency)


def _fit(estimator, plan, *, X, y, adjacency):
    attempt = _unfitted_copy(estimator)
    planned = plan(attempt)
    _check_declared(attempt, estimator)  # before training, not after it
    _check_same(attempt, planned)
    max_epochs = planned.choice.max_epochs
    context, task = _begin_callbacks(estimator, max_epochs, X, y, adjacency)
    net = train(
        planned.objective,
        planned.data,
        _training(attempt, planned, _task_reports(context, task, attempt)),
        generator=torch.Generator().manual_seed(planned.seed),
        initial_weights=planned.initial_weights,
    )
    if not net.interrupted_ or len(net.history):
        _set_trained(attempt, net)
        confirm_end()
        _commit(estimator, attempt)
    if net.interrupted_:
        raise KeyboardInterrupt
    if context is not None:
        context.call_on_fit_task_end(**task, reconstruction_attributes={})
    return estimator


def _check_same(attempt, plan: Plan):
    """Raise ValueError if a process that shares the fit has another plan."""
    source, validation = plan.data
    check_same_fit(
        the_training_data=source,
        the_labels=getattr(source, "labels", None),
        the_validation_data=validation,
        the_network=plan.objective,
        the_other_options_of_the_training=[plan.choice, plan.patience],
        the_initial_weights=plan.initial_weights,
        the_properties_learned_from_X_and_y=learned(attempt),
    )


def learned(estimator) -> dict[str, Any]:
    """Return the learned attributes of an estimator, by name."""
    names = estimator._learned_attributes
    return {name: value for name, value in vars(estimator).items() if name in names}


def _unfitted_copy(estimator):
    """Return a shallow copy without learned attributes."""
    attempt = object.__new__(type(estimator))
    attempt.__dict__.update(_own(estimator))
    return attempt


def _own(estimator):
    """Return the attributes that are not learned, by name."""
    names = estimator._learned_attributes
    return {name: value for name, value in vars(estimator).items() if name not in names}


def _check_declared(attempt, estimator):
    """Raise AttributeError if the attempt has undeclared attributes."""
    unknown = vars(attempt).keys() - vars(estimator).keys() - learned(attempt).keys()
    if unknown:
        raise AttributeError(
            f"{type(attempt).__name__} must declare all attributes that fit sets in "
            f"_learned_attributes, got also {sorted(unknown)}."
        )


def _commit(estimator, attempt):
    """Replace the estimator's learned attributes by those of the attempt.

    One assignment, so that Ctrl-C meets the old or the new attributes, not a mixture.
    """
    _check_declared(attempt, estimator)
    estimator.__dict__ = _own(estimator) | learned(attempt)


def _training(attempt, plan: Plan, callbacks) -> Training:
    return Training(
        learning_rate=attempt.learning_rate,
        weight_decay=plan.choice.weight_decay,
        max_epochs=plan.choice.max_epochs,
        patience=plan.patience,
        score=plan.score,
        verbose=int(attempt.verbose),
        net_params=attempt.net_params or {},
        callbacks=[*plan.callbacks, *callbacks],
    )


def _set_trained(attempt, net):
    """Set the learned attributes of a trained net."""
    history = net.history
    attempt.net_ = net
    attempt.n_iter_ = len(history)
    attempt.loss_curve_ = history[:, "train_loss"]
    validated = "valid_loss" in history[-1]
    attempt.validation_curve_ = history[:, "valid_loss"] if validated else None


def _begin_callbacks(estimator, max_epochs, X, y, adjacency):
    """Begin the task of scikit-learn's callbacks; return (None, {}) without any."""
    if not getattr(estimator, "_skl_callbacks", None):
        return None, {}
    metadata = None if adjacency is None else {"adjacency": adjacency}
    task = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    context = estimator._init_callback_context(max_subtasks=max_epochs)
    context.call_on_fit_task_begin(**task)
    return context, task


def _task_reports(context, task, attempt):
    """Make a skorch callback that calls scikit-learn's callbacks; None without any."""
    if context is None:
        return []

    def attributes(net):
        _set_trained(attempt, net)
        return learned(attempt)

    return [TaskReport(context, task, attributes)]
