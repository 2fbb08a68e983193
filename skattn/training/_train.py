"""Train a network on batches, and ask it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from skorch.history import History

from skattn.batch import GraphBatch
from skattn.nn import AttentionNetwork, NetworkSpec
from skattn.training._callbacks import KeepBest, StopIfDiverged, StopIfIdle
from skattn.training._goal import Goal, Loss, WeightedLoss
from skattn.training._net import AttentionNet

RESERVED = (
    "module",
    "criterion",
    "generator",
    "device",
    "dataset",
    "train_split",
    "iterator_train",
    "iterator_valid",
    "predict_nonlinearity",
    "warm_start",
    "compile",
    "lr",
    "max_epochs",
    "verbose",
)
"""Arguments of the net that are not the user's to give through ``net_params``."""


@dataclass(frozen=True, eq=False)
class Task:
    """A batch and its answers."""

    batch: GraphBatch
    """The graph and the targets."""
    goal: Goal
    """One answer per target."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How to train."""

    loss: Loss
    """What is made small."""
    learning_rate: float = 0.005
    """Step size of the optimizer."""
    weight_decay: float = 5e-4
    """L2 penalty on all parameters."""
    max_epochs: int = 300
    """Passes over the batches, at most."""
    patience: int | None = 50
    """Epochs without progress on the validation batch after which to stop, with the
    best epoch's weights; None to train to the end and keep the last."""
    verbose: int = 0
    """Whether to print a line an epoch."""
    net_params: dict = field(default_factory=dict)
    """Further arguments of the skorch net."""
    callbacks: list = field(default_factory=list)
    """Further skorch callbacks."""


def train(
    spec: NetworkSpec,
    tasks: tuple[Task, Task | None],
    training: Training,
    *,
    n_outputs: int,
    generator: torch.Generator,
) -> AttentionNet:
    """Train a network.

    Parameters
    ----------
    spec : NetworkSpec
        The shape of the network.
    tasks : tuple of Task and (Task or None)
        What to learn from, and what to validate on; on the same device.
    training : Training
        How to train.
    n_outputs : int
        Width of the network's output.
    generator : torch.Generator
        The only source of randomness, on the CPU.

    Returns
    -------
    AttentionNet
        The trained net; ``interrupted_`` tells whether the user stopped it.

    Raises
    ------
    ValueError
        If the training loss is no longer a finite number.
    """
    learning, validation = tasks
    batch = learning.batch
    params = dict(training.net_params)
    user_callbacks = list(params.pop("callbacks", None) or [])
    net = _make_net(
        batch.x.shape[1],
        n_outputs,
        spec,
        training.loss,
        generator=generator,
        device=str(batch.targets.device),
        callbacks=_callbacks(
            training, user_callbacks, validated=validation is not None
        ),
        **_defaults(training, params) | params,
    )
    data = [[(task.batch, task.goal)] if task else None for task in tasks]
    net.initialize().partial_fit(data)
    # what a net keeps must not hold the data or the caller's callback contexts
    net.callbacks = user_callbacks
    net.callbacks_ = []
    return net


def describe_net(net: AttentionNet) -> dict:
    """Take a trained net apart into plain values and arrays.

    Parameters
    ----------
    net : AttentionNet
        A trained net.

    Returns
    -------
    dict
        The arguments of :func:`restore_net`.
    """
    weights = net.module_.state_dict()
    return {
        "in_features": net.module__in_features,
        "n_outputs": net.module__n_outputs,
        "spec": net.module__spec,
        "loss": net.criterion__kind,
        "weights": {name: tensor.cpu() for name, tensor in weights.items()},
        "history": list(net.history),
    }


def restore_net(
    in_features: int,
    n_outputs: int,
    spec: NetworkSpec,
    loss: Loss,
    weights: dict[str, torch.Tensor],
    history: list,
) -> AttentionNet:
    """Make a net of what :func:`describe_net` returned.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    n_outputs : int
        Width of the network's output.
    spec : NetworkSpec
        The shape of the network.
    loss : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        What training made small.
    weights : dict of str to Tensor
        The network's state.
    history : list of dict
        What happened in each epoch.

    Returns
    -------
    AttentionNet
        A net that predicts as the described one did.
    """
    net = _make_net(in_features, n_outputs, spec, loss, generator=torch.Generator())
    net.initialize()
    net.module_.load_state_dict(weights)
    net.history_ = History(history)
    return net


def _make_net(
    in_features: int, n_outputs: int, spec: NetworkSpec, loss: Loss, **params
) -> AttentionNet:
    return AttentionNet(
        AttentionNetwork,
        module__in_features=in_features,
        module__n_outputs=n_outputs,
        module__spec=spec,
        criterion=WeightedLoss,
        criterion__kind=loss,
        **params,
    )


def predict(net: AttentionNet, batch: GraphBatch) -> np.ndarray:
    """Compute the outputs for a batch's targets.

    Parameters
    ----------
    net : AttentionNet
        A trained net; it moves to the batch's device.
    batch : GraphBatch
        The graph and the targets.

    Returns
    -------
    ndarray of shape (n_targets, n_outputs), float32
        What the network says.
    """
    net.module_.to(batch.targets.device)
    return net.evaluation_step((batch, None)).cpu().numpy()


def _callbacks(training: Training, users: list, *, validated: bool) -> list:
    """Order the callbacks: one that stops hides the epoch from those behind it."""
    if not validated or training.patience is None:
        return [StopIfDiverged(), *training.callbacks, *users]
    best = KeepBest()
    stop = StopIfIdle(best, training.patience)
    return [StopIfDiverged(), best, *training.callbacks, *users, stop]


def _defaults(training: Training, params: dict) -> dict:
    defaults: dict[str, Any] = {
        "optimizer__weight_decay": training.weight_decay,
        "lr": training.learning_rate,
        "max_epochs": training.max_epochs,
        "verbose": training.verbose,
        "train_split": None,
    }
    if "optimizer" not in params:
        defaults |= {"optimizer": torch.optim.Adam, "optimizer__fused": True}
    return defaults
