"""Draws of rows of edges, one candidate after the other."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import silu

from skattn.ops._backends import Spec, implementation

__all__ = ["RowDraw", "draw_rows", "reference_rows"]


class RowDraw(NamedTuple):
    """Inputs of a draw of rows, each of which is a chain over its candidates."""

    row_ptr: Tensor
    """(n_rows + 1,) int64: candidates of each row."""
    base: Tensor
    """(n_candidates, width): part of the hidden layer that no edge changes."""
    message: Tensor
    """(n_candidates, width): added to the base of later candidates after an edge."""
    edge_message: Tensor
    """(n_edge_labels + 1, width): the same, by label of the edge."""
    hidden: tuple[Tensor, Tensor]
    """(width, width) and (width,): weight and bias of the second layer."""
    output: tuple[Tensor, Tensor]
    """(width, n_edge_labels + 1) and (n_edge_labels + 1,): those of the logits."""
    uniform: Tensor
    """(n_candidates,): random numbers between 0 and 1."""
    temperature: float
    """Number by which the logits are divided."""
    must_link: bool
    """Whether rows without an edge are impossible."""


def draw_rows(rows: RowDraw) -> Tensor:
    """Draw the labels of the edges of all rows, 0 for none.

    For the candidates c of a row in order, ``z = base[c] + Σ (message[b] +
    edge_message[label of b])`` over the earlier candidates b with an edge, and the
    logits are ``silu(silu(z) W + b) V + c``. The label is the inverse of the cumulative
    probability at ``uniform[c]``. Without gradients.

    Parameters
    ----------
    rows : RowDraw
        The inputs.

    Returns
    -------
    Tensor of shape (n_candidates,), int64
        Label of each candidate's edge.
    """
    spec = Spec.of("draw_rows", rows.base, rows.message, *rows.hidden, *rows.output)
    return implementation(spec)(rows)


@torch.no_grad()
def reference_rows(rows: RowDraw) -> Tensor:
    """Draw the k-th candidates of all rows at once, in plain torch."""
    counts = rows.row_ptr.diff()
    edges = torch.zeros(len(rows.base), dtype=torch.int64, device=counts.device)
    total = rows.base.new_zeros(len(counts), rows.base.shape[1])
    linked = torch.zeros(len(counts), dtype=torch.bool, device=counts.device)
    for k in range(int(counts.max()) if len(counts) else 0):
        live = (counts > k).nonzero()[:, 0]
        at = rows.row_ptr[live] + k
        h = silu(rows.base[at] + total[live])
        h = silu(torch.addmm(rows.hidden[1], h, rows.hidden[0]))
        logits = torch.addmm(rows.output[1], h, rows.output[0]) / rows.temperature
        if rows.must_link:
            last = (counts[live] == k + 1) & ~linked[live]
            logits[last, 0] = -torch.inf
        drawn = choose(logits, rows.uniform[at])
        edges[at] = drawn
        linked[live] |= drawn > 0
        sent = rows.message[at] + rows.edge_message[drawn]
        total[live] += torch.where((drawn > 0)[:, None], sent, 0)
    return edges


def choose(logits: Tensor, uniform: Tensor) -> Tensor:
    """Return the inverse of each row's cumulative softmax at a number in [0, 1)."""
    below = logits.softmax(1).cumsum(1)[:, :-1] <= uniform[:, None]
    # a rounded sum below 1 must not reach an impossible last label
    possible = (logits > -torch.inf).long().cumsum(1).argmax(1)
    return torch.minimum(below.sum(1), possible)
