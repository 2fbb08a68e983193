"""Kernels that sort edges by sender and cut rows into blocks."""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu._compiler import kernel, loop, part
from skattn.ops._cpu._memory import ints, longs
from skattn.ops._cpu._records import Rows
from skattn.ops._cpu._walk import i64

__all__ = ["cut_rows", "transpose"]


@kernel
def transpose(rows, sent, receivers, numbers, n_rows):
    """Sort the edges by sender, stable; sent = (n_senders + 1,) zeros on entry.

    Writes the receivers and numbers of the edges; n_rows = (n_receivers, n_senders).
    """
    rows = Rows(*rows)
    indptr, sent = longs(rows.indptr), longs(sent)
    if rows.wide:
        to = longs(receivers), longs(numbers)
        _sort(indptr, longs(rows.others), sent, to, n_rows)
    else:
        to32 = ints(receivers), ints(numbers)
        _sort(indptr, ints(rows.others), sent, to32, n_rows)


@part
def _sort(indptr, senders, sent, to, n_rows):
    receivers, numbers = to
    n_receivers, n_senders = n_rows
    for e in loop(indptr[n_receivers]):
        sent[i64(senders[e]) + 1] += 1
    for j in loop(n_senders):
        sent[j + 1] += sent[j]
    for i in loop(n_receivers):
        for e in loop(indptr[i], indptr[i + 1]):
            position = sent[i64(senders[e])]
            receivers[position] = i
            numbers[position] = e
            sent[i64(senders[e])] = position + 1
    last = 0
    for j in loop(n_senders + 1):  # each start moved on to the next one's
        last, sent[j] = sent[j], last


@kernel
def cut_rows(indptr, n_rows, n_blocks, cuts):
    """Write the first rows of blocks of about equal work: edges plus rows."""
    indptr, cuts = longs(indptr), longs(cuts)
    work, i = indptr[n_rows] + n_rows, 0
    cuts[0] = 0
    for block in loop(1, n_blocks):
        while indptr[i] + i < work * block // n_blocks:
            i += 1
        cuts[block] = i
    cuts[n_blocks] = n_rows
