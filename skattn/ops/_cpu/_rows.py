"""Draws of rows of edges on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from skattn.ops._cpu._row_kernels import draw_some_rows
from skattn.ops._draw_rows import RowDraw
from skattn.ops._threads import run_blocks

__all__ = ["draw_rows"]

_MAX_BLOCKS = 64
"""Blocks of rows that threads share."""


def draw_rows(rows: RowDraw) -> Tensor:
    """See `skattn.ops._draw_rows.draw_rows`."""
    edges = torch.empty(len(rows.base), dtype=torch.int64)
    n_rows = len(rows.row_ptr) - 1
    n_blocks = min(max(n_rows, 1), _MAX_BLOCKS)
    inputs = tuple(map(_array, (rows.base, rows.message, rows.edge_message)))
    weights = tuple(map(_array, (*rows.hidden, *rows.output)))
    row_ptr, uniform, out = map(_array, (rows.row_ptr, rows.uniform, edges))
    options = rows.temperature, rows.must_link

    def draw(block: int) -> None:
        low, high = (n_rows * k // n_blocks for k in (block, block + 1))
        draw_some_rows(low, high, row_ptr, inputs, weights, uniform, options, out)

    run_blocks(n_blocks, draw)
    return edges


def _array(tensor: Tensor):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return tensor.detach().contiguous().numpy()
