"""Kernel that draws rows of edges, one candidate after the other."""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np

from skattn.ops._cpu._compiler import inlined, kernel

__all__ = ["draw_some_rows"]

f32 = np.float32


@inlined
def _silu(x):
    return x / (f32(1) + math.exp(-x))


@inlined
def _second_layer(h, weight, bias, out):
    """Compute ``silu(h W + b)``."""
    out[:] = bias
    for i in range(len(h)):
        factor, row = h[i], weight[i]
        for j in range(len(out)):
            out[j] += factor * row[j]
    for j in range(len(out)):
        out[j] = _silu(out[j])


@inlined
def _logits(h, weight, bias, temperature, out):
    """Compute the logits."""
    for e in range(len(out)):
        total = bias[e]
        for i in range(len(h)):
            total += h[i] * weight[i, e]
        out[e] = total / temperature


@inlined
def _choose(logits, first, uniform):
    """Return the inverse of the cumulative softmax of labels from `first` on."""
    largest = f32(-np.inf)
    for e in range(first, len(logits)):
        largest = max(largest, logits[e])
    total = f32(0)
    for e in range(first, len(logits)):
        logits[e] = math.exp(logits[e] - largest)
        total += logits[e]
    left = uniform * total
    for e in range(first, len(logits) - 1):
        left -= logits[e]
        if left < 0:
            return e
    return len(logits) - 1


@kernel
def draw_some_rows(low, high, row_ptr, inputs, weights, uniform, options, edges):
    """Draw the rows low to high - 1."""
    base, message, edge_message = inputs
    hidden, hidden_bias, output, output_bias = weights
    temperature, must_link = options
    width = base.shape[1]
    total, first = np.empty(width, np.float32), np.empty(width, np.float32)
    second = np.empty(width, np.float32)
    logits = np.empty(len(output_bias), np.float32)
    for r in range(low, high):
        total[:] = 0
        linked = False
        for c in range(row_ptr[r], row_ptr[r + 1]):
            for i in range(width):
                first[i] = _silu(base[c, i] + total[i])
            _second_layer(first, hidden, hidden_bias, second)
            _logits(second, output, output_bias, temperature, logits)
            lowest = 1 if must_link and not linked and c + 1 == row_ptr[r + 1] else 0
            drawn = _choose(logits, lowest, uniform[c])
            edges[c] = drawn
            if drawn > 0:
                linked = True
                for i in range(width):
                    total[i] += message[c, i] + edge_message[drawn, i]
