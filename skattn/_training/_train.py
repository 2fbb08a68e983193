"""Train a network on batches, and ask it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback, LRScheduler
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from skattn._training._adam import Adam
from skattn._training._batch_source import BatchSource, GraphBatches, TrainingData
from skattn._training._buffers import enough_buffers
from skattn._training._callbacks import (
    SCORE_DIGITS,
    KeepBest,
    ScoreValidation,
    StopIfDiverged,
    StopIfIdle,
)
from skattn._training._history import EpochHistory
from skattn._training._labels import Loss, WeightedLoss
from skattn._training._memory import check_memory
from skattn._training._microbatches import count_parts
from skattn._training._net import AttentionNet, AutoencoderNet
from skattn._training._threads import enough_threads, work_of
from skattn.nn import (
    AttentionNetwork,
    MaskedAutoencoder,
    NetworkSpec,
    PeriodicEmbedding,
)

RESERVED = (
    "module",
    "criterion",
    "generator",
    "device",
    "dataset",
    "design",
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


COOLDOWN = 0.3
"""Part of the epochs in which steps become smaller. Inside the first training fold of
MUTAG 88.8 % were right with it, 84.0 with steps of one size to the end, inside that of
ENZYMES 68.3 and 64.8; more in benchmarks/README.md."""

Weights = dict[str, torch.Tensor]

NETS: dict[str, tuple[type[AttentionNet], type[nn.Module]]] = {
    "network": (AttentionNet, AttentionNetwork),
    "autoencoder": (AutoencoderNet, MaskedAutoencoder),
}
"""What is trained, by kind."""


@dataclass(frozen=True)
class NetConfig:
    """What a net is made of, before any weights."""

    kind: str
    """One of ``NETS``."""
    arguments: dict
    """The arguments of the network's class."""
    loss: Loss
    """What training makes small."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How to train."""

    loss: Loss
    """What is made small."""
    learning_rate: float = 0.005
    """Step size of the optimizer; where the last epoch's weights are kept, it falls to
    zero in the last part of the epochs unless a callback schedules it."""
    weight_decay: float = 5e-4
    """L2 penalty on all parameters, if the optimizer has one."""
    max_epochs: int = 300
    """Passes over the batches, at most."""
    patience: int | None = 50
    """Epochs without progress on the validation batch after which to stop, with the
    best epoch's weights; None to train to the end and keep the last."""
    score: Callable[[np.ndarray], float] | None = None
    """What the validation outputs (n_targets, n_outputs) are worth; None for accuracy,
    or minus the squared error."""
    verbose: int = 0
    """Whether to print a line an epoch."""
    net_params: dict = field(default_factory=dict)
    """Further arguments of the skorch net."""
    callbacks: list = field(default_factory=list)
    """Further skorch callbacks."""


def train(
    spec: NetworkSpec,
    tasks: TrainingData,
    training: Training,
    *,
    n_outputs: int,
    generator: torch.Generator,
    start: Weights | None = None,
) -> AttentionNet:
    """Train a network towards answers.

    Parameters
    ----------
    spec : NetworkSpec
        The shape of the network.
    tasks : tuple of (BatchSource, BatchSource or None)
        Training data and validation data, on the same device.
    training : Training
        How to train.
    n_outputs : int
        Width of the network's output.
    generator : torch.Generator
        The only source of randomness, on the CPU.
    start : dict of str to Tensor, optional
        Weights to start from, by their names in the network; others are drawn.

    Returns
    -------
    AttentionNet
        The trained net; ``interrupted_`` tells whether the user stopped it.

    Raises
    ------
    MemoryError
        If a training step cannot fit into memory; nothing is allocated then.
    ValueError
        If the training loss is no longer a finite number.
    """
    arguments = {
        "in_features": tasks[0].n_features,
        "n_outputs": n_outputs,
        "spec": spec,
    }
    design = NetConfig("network", arguments, training.loss)
    start = _standardized(spec, tasks[0]) | (start or {})
    return _run(design, tasks, training, generator, start)


def _standardized(spec: NetworkSpec, task: BatchSource) -> Weights:
    """Tell an embedding of features their units, as far as these are known."""
    if spec.feature_embedding is None:
        return {}
    learned = PeriodicEmbedding.standardization(task.whole.x)
    return {f"embedding.{name}": tensor for name, tensor in learned.items()}


def train_autoencoder(
    spec: NetworkSpec,
    task: BatchSource,
    training: Training,
    *,
    n_components: int,
    mask_fraction: float,
    generator: torch.Generator,
) -> AttentionNet:
    """Train an encoder to tell masked features from those around them.

    Parameters
    ----------
    spec : NetworkSpec
        The shape of the encoder.
    task : FullGraph, GraphBatches or SampledBatches
        What to learn from; it has no answers.
    training : Training
        How to train.
    n_components : int
        Width of the encoding.
    mask_fraction : float
        Fraction of the nodes that is masked in every step.
    generator : torch.Generator
        The only source of randomness, on the CPU.

    Returns
    -------
    AttentionNet
        The trained net, whose outputs are the encodings of the targets.

    Raises
    ------
    MemoryError
        If a training step cannot fit into memory; nothing is allocated then.
    ValueError
        If the training loss is no longer a finite number.
    """
    arguments = {
        "in_features": task.n_features,
        "spec": spec,
        "n_components": n_components,
        "mask_fraction": mask_fraction,
    }
    design = NetConfig("autoencoder", arguments, training.loss)
    return _run(design, (task, None), training, generator, {})


def _run(
    design: NetConfig,
    tasks: TrainingData,
    training: Training,
    generator: torch.Generator,
    start: Weights,
) -> AttentionNet:
    with torch.device("meta"):  # sizes alone
        check_memory(NETS[design.kind][1](**design.arguments), tasks[0])
    params = dict(training.net_params)
    user_callbacks = list(params.pop("callbacks", None) or [])
    net = _make_net(
        design,
        generator=generator,
        device=str(tasks[0].device),
        callbacks=_callbacks(training, user_callbacks, validated=tasks[1] is not None),
        **_defaults(training, params) | params,
    )
    net.initialize()
    net.module_.load_state_dict(net.module_.state_dict() | start)
    work = work_of(net.module_, tasks[0])
    tasks = _shared(tasks[0], net.module_, work), tasks[1]
    with (
        enough_threads(work),
        enough_buffers(net.module_, tasks[0]),
    ):
        net.partial_fit(tasks)
    # what a net keeps must not hold the data or the caller's callback contexts
    net.callbacks = user_callbacks
    net.callbacks_ = []
    for schedule in _schedules(user_callbacks):
        # holds the optimizer, twice the weights
        vars(schedule).pop("lr_scheduler_", None)
    return net


def _shared(task: BatchSource, module: nn.Module, work: float) -> BatchSource:
    """Let threads share the batches of graphs that are trained on."""
    if not isinstance(task, GraphBatches) or task.device.type != "cpu":
        return task
    n_graphs = min(task.batch_size, len(task.numbers))
    sizes = task.size.rows, n_graphs, task.block.largest
    n_parts = count_parts(module, work, *sizes)
    # torch looks for anomalies in one thread at a time, and hangs in two
    n_threads = 1 if torch.is_anomaly_enabled() else torch.get_num_threads()
    return replace(task, n_parts=n_parts, n_threads=n_threads)


def net_state(net: AttentionNet) -> dict:
    """Take a trained net apart into plain values and arrays.

    Parameters
    ----------
    net : AttentionNet
        A trained net.

    Returns
    -------
    dict
        The arguments of :func:`net_from_state`.
    """
    weights = net.module_.state_dict()
    return {
        "design": net.design,
        "weights": {name: tensor.cpu() for name, tensor in weights.items()},
        "history": list(net.history),
    }


def net_from_state(design: NetConfig, weights: Weights, history: list) -> AttentionNet:
    """Make a net of what :func:`net_state` returned.

    Parameters
    ----------
    design : NetConfig
        What the net is made of.
    weights : dict of str to Tensor
        The network's state.
    history : list of dict
        What happened in each epoch.

    Returns
    -------
    AttentionNet
        A net that predicts as the described one did.
    """
    net = _make_net(design, generator=torch.Generator())
    net.initialize()
    net.module_.load_state_dict(weights)
    net.history_ = EpochHistory(history)
    return net


def _make_net(design: NetConfig, **params: Any) -> AttentionNet:
    net_class, module = NETS[design.kind]
    return net_class(
        module,
        design=design,
        **{f"module__{name}": value for name, value in design.arguments.items()},
        criterion=WeightedLoss,
        criterion__kind=design.loss,
        **params,
    )


def predict(net: AttentionNet, task: BatchSource) -> np.ndarray:
    """Compute the outputs for a task's targets.

    Parameters
    ----------
    net : AttentionNet
        A trained net; it moves to the task's device.
    task : FullGraph or GraphBatches
        What is asked about.

    Returns
    -------
    ndarray of shape (n_targets, n_outputs), float32
        What the network says.
    """
    net.module_.to(task.device)
    outputs = [net.evaluation_step((batch, None)) for batch, _ in task.epoch(None)]
    return torch.cat(outputs).cpu().numpy()


def _callbacks(training: Training, users: list, *, validated: bool) -> list:
    """Order the callbacks: one that stops hides the epoch from those behind it."""
    first: list[Callback] = [StopIfDiverged()]
    if validated and training.score is not None:
        first.append(ScoreValidation(training.score))
    if not validated or training.patience is None:
        schedule = [] if _schedules(users) else [_cooldown(training)]
        return [*first, *schedule, *training.callbacks, *users]
    best = KeepBest(SCORE_DIGITS if training.score is None else None)
    stop = StopIfIdle(best, training.patience)
    return [*first, best, *training.callbacks, *users, stop]


def _cooldown(training: Training) -> LRScheduler:
    """Take ever smaller steps at the end (Haegele et al. 2024, section 3).

    Where nobody chooses among the epochs, the last one's weights are kept, and with
    steps of one size to the end these are one draw among many.
    """
    return LRScheduler(
        LambdaLR, lr_lambda=partial(_step_size, n_epochs=training.max_epochs)
    )


def _step_size(epoch: int, n_epochs: int) -> float:
    """Return 1, then half a cosine down to 0 in the last part of the epochs."""
    done = (epoch / n_epochs - (1 - COOLDOWN)) / COOLDOWN
    return 0.5 * (1 + math.cos(math.pi * max(done, 0.0)))


def _schedules(users: list) -> list[LRScheduler]:
    """Find the schedules among the user's callbacks, named ones too."""
    callbacks = [entry[-1] if isinstance(entry, tuple) else entry for entry in users]
    return [callback for callback in callbacks if isinstance(callback, LRScheduler)]


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
