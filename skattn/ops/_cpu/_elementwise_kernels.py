"""Kernels of element-wise operations on the elements low to high of flat arrays."""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu._compiler import kernel, loop
from skattn.ops._cpu._edge_groups import u32
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import floats, load_first, store_first
from skattn.ops._cpu._softmax import exp
from skattn.ops._random import GOLDEN

__all__ = ["dropout", "elu", "elu_gradient"]


@kernel
def dropout(low, high, source, target, threshold, seed_low, seed_high, scale):
    """Write kept elements times `scale`, and 0 for dropped elements."""
    x, y = floats(source), floats(target)
    for k in loop(low, high, LANES):
        words = lanes.hashed(lanes.xor(lanes.words_from(k, 1), seed_low), 0)
        words = lanes.hashed(words, u32((k >> 32) * GOLDEN + seed_high))
        kept = lanes.dropout_scale(words, threshold, scale)
        store_first(y, k, load_first(x, k, high - k) * kept, high - k)


@kernel
def elu(low, high, source, target):
    """Write the ELU of elements."""
    x, y = floats(source), floats(target)
    for k in loop(low, high, LANES):
        v = load_first(x, k, high - k)
        store_first(y, k, lanes.select_above(v, v, exp(v) - 1.0), high - k)


@kernel
def elu_gradient(low, high, output, dout, target):
    """Write the gradient of the ELU, computed from its output."""
    y, dout, dx = floats(output), floats(dout), floats(target)
    for k in loop(low, high, LANES):
        v, d = load_first(y, k, high - k), load_first(dout, k, high - k)
        store_first(dx, k, lanes.select_above(v, d, d * (v + 1.0)), high - k)
