"""State of a trained net, as plain values and arrays."""

from typing import Any

import torch

from skattn._training._history import EpochHistory
from skattn._training._net import AttentionNet
from skattn._training._objectives import Objective

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
        If names or shapes of the weights are not those of the objective's module.
    """
    with torch.device("meta"):  # shapes, without memory
        expected = objective.module(n_features).state_dict()
    if _shapes(expected) != _shapes(weights):
        raise ValueError(
            "weights must have the names and shapes of the network's weights"
        )
    net = AttentionNet(objective, n_features, generator=torch.Generator())
    net.initialize()
    net.module_.load_state_dict(weights)
    net.history_ = EpochHistory(history)
    return net


def _shapes(weights: Weights) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in weights.items()}
