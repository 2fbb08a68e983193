"""Activation functions by name."""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from skattn.ops import elu

Activation = Literal["elu", "gelu", "relu", "silu"]

ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "elu": elu,
    "gelu": nn.functional.gelu,
    "relu": nn.functional.relu,
    "silu": nn.functional.silu,
}


def activation(
    name: Activation, *, in_place: bool = False
) -> Callable[[Tensor], Tensor]:
    """Return an activation function; with ``in_place``, it may overwrite its input."""
    if in_place and name == "elu":  # faster than ops.elu
        return nn.functional.elu_
    return ACTIVATIONS[name]
