"""Normalisation layers by name."""

from typing import Literal

from torch import nn

Norm = Literal["layer", "batch"]


def make_norm(norm: Norm | None, width: int) -> nn.Module:
    """Make a normalisation layer of ``width`` columns; the identity for None."""
    if norm == "layer":
        return nn.LayerNorm(width)
    return nn.BatchNorm1d(width) if norm == "batch" else nn.Identity()
