"""A call of edge attention: its tensors, sizes and forward pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._scores import Dot, Gat, GatV2, Score
from skattn.ops._triton import _forward_kernels as kernels
from skattn.ops._triton._launch import dropout_words, launch, padded
from skattn.ops._triton._plan import Plan
from skattn.ops._triton._tiles import tile_options

__all__ = ["AttentionCall", "Options"]

_SCORES: dict[type[Score], int] = {Gat: 0, GatV2: 1, Dot: 2}
"""Numbers of the scores in `_score_kernels`."""


class Options(NamedTuple):
    """Options of a call that are not tensors."""

    score: type[Score]
    """Class of the score."""
    slope: float
    """Slope of the LeakyReLU."""
    dropout: float
    """Probability that an attention weight is dropped."""
    seed: int
    """Seed of the dropout mask."""
    types: Tensor | None = None
    """(n_edges,) int32: type of each edge."""


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """Tensors, sizes and options of a call."""

    plan: Plan
    """The edges."""
    options: Options
    """Options that are not tensors."""
    inputs: Tensors
    """Contiguous tensors."""

    @cached_property
    def value(self) -> Tensor:
        """(n_senders, H, C): values of the senders, perhaps the keys."""
        x = self.inputs
        value: Tensor = x.key if x.value is None else x.value
        return value

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Axis sizes H, D, C and K, and powers of two HP, DP, CP and KP that hold them.

        D is the width of query and key, 1 for "gat", C that of the values, and K the
        number of edge features.
        """
        key, features = self.inputs.key, self.inputs.edge_features
        sizes = {
            "H": key.shape[1],
            "D": key.shape[2] if key.dim() > 2 else 1,
            "C": self.value.shape[2],
            "K": 0 if features is None else features.shape[1],
        }
        return sizes | {name + "P": padded(n) for name, n in sizes.items()}

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """Arguments of all kernels by name."""
        score, slope, p, seed, types = self.options
        sizes, inputs = self.sizes, self.inputs
        is_shared = inputs.value is None
        return {
            **inputs._asdict(),
            **sizes,
            "types": types,
            "value_vectors": inputs.key_vectors if is_shared else inputs.value_vectors,
            "value": self.value,
            "dropout_words": dropout_words(p, seed, self.value.device),
            "slope": slope,
            "scale": 1 / math.sqrt(sizes["D"]),
            "grow": 1 / (1 - p),
            "SCORE": _SCORES[score],
            "SHARED": is_shared,
        }

    def options_of(self, direction: str, width: int) -> dict[str, int]:
        """Return the sizes of the programs of a pass over rows of a padded width."""
        return tile_options(direction, self.sizes["HP"] * width)

    def new(self, *shape: int) -> Tensor:
        """Allocate a float32 tensor on the device of the call."""
        return self.value.new_empty(shape, dtype=torch.float32)

    def attend(self) -> tuple[Tensor, Tensor]:
        """Compute the output, in the dtype of the values, and the log-sum-exps."""
        rows, sizes = self.plan.by_receiver, self.sizes
        n_heads, width = sizes["H"], sizes["C"] + sizes["K"]
        out = self.value.new_empty(rows.n_rows, n_heads, width)
        lse = self.new(rows.n_rows, n_heads)
        arguments = {
            **rows.arguments,
            **self.arguments,
            **self.options_of("forward", max(sizes["CP"], sizes["DP"])),
            "out": out,
            "lse": lse,
            "part": self.new(rows.n_pieces, n_heads, width),
            "part_stat": self.new(rows.n_pieces, 2 * n_heads),
        }
        launch(kernels.attend, (rows.n_items,), arguments)
        launch(kernels.merge_pieces, (rows.n_pieces,), arguments)
        return out, lse
