"""State of a trained net, as plain values and arrays."""

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from skattn._training._history import EpochHistory
from skattn._training._net import AttentionNet
from skattn._training._objectives import Objective

_MORE_TENSORS = 8
"""Tensors that a module may create besides its weights."""

Weights = dict[str, torch.Tensor]
"""Weights by name."""


def net_state(net: AttentionNet) -> dict[str, Any]:
    """Return the state of a trained net, the arguments of :func:`net_from_state`."""
    weights = net.module_.state_dict()
    return {
        "objective": net.objective,
        "n_features": net.n_features,
        "weights": {name: tensor.cpu() for name, tensor in weights.items()},
        "history": list(net.history),
    }


def net_from_state(
    objective: Objective, n_features: int, weights: Weights, history: list[dict]
) -> AttentionNet:
    """Make a net from the state of :func:`net_state`.

    Raises
    ------
    ValueError
        If names or shapes of the weights are not those of the objective's module, or
        a weight is not finite.
    """
    _check_weights(objective, n_features, weights)
    net = AttentionNet(objective, n_features, generator=torch.Generator())
    net.initialize()
    net.module_.load_state_dict(weights)
    net.history_ = EpochHistory(history)
    return net


def _check_weights(objective: Objective, n_features: int, weights: Weights) -> None:
    """Compare weights with the objective's module, which is made without memory."""
    if objective.spec.n_layers > len(weights):
        raise ValueError(f"{len(weights)} weights are too few for its layers")
    with torch.device("meta"), _AtMost(len(weights) + _MORE_TENSORS):
        expected = objective.module(n_features).state_dict()
    if _shapes(expected) != _shapes(weights):
        raise ValueError(
            "weights must have the names and shapes of the network's weights"
        )
    for name, weight in weights.items():
        if not torch.isfinite(weight).all():
            raise ValueError(f"the weight {name} holds NaN or infinity")


class _AtMost(TorchFunctionMode):
    """Limit on the number of tensors that modules create."""

    def __init__(self, n_tensors: int) -> None:
        super().__init__()
        self.left = n_tensors

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.left -= func in _FACTORIES
        if self.left < 0:
            raise ValueError("weights are fewer than those of the network")
        return func(*args, **(kwargs or {}))


_FACTORIES = {torch.empty, torch.zeros, torch.ones, torch.full, torch.tensor}


def _shapes(weights: Weights) -> dict[str, tuple[torch.Size, bool]]:
    return {name: (w.shape, w.is_floating_point()) for name, w in weights.items()}
