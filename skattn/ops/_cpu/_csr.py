"""Kernels that transpose a CSR and cut its rows into blocks."""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu._compiler import inlined, kernel, loop
from skattn.ops._cpu._edge_groups import i64
from skattn.ops._cpu._memory import ints, longs
from skattn.ops._cpu._records import Rows

__all__ = ["cut_rows", "transpose"]


@kernel
def transpose(rows, sent, receivers, numbers, n_rows):
    """Sort the edges by sender, stably; write their receivers and edge numbers.

    `sent`, (n_senders + 1,) zeros on entry, becomes the indptr; n_rows = (n_receivers,
    n_senders).
    """
    rows = Rows(*rows)
    indptr, sent = longs(rows.indptr), longs(sent)
    if rows.wide:
        to = longs(receivers), longs(numbers)
        _sort(indptr, longs(rows.others), sent, to, n_rows)
    else:
        to32 = ints(receivers), ints(numbers)
        _sort(indptr, ints(rows.others), sent, to32, n_rows)


@inlined
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
    for j in loop(n_senders + 1):  # starts were advanced to the ends
        last, sent[j] = sent[j], last


@kernel
def cut_rows(indptr, n_rows, n_blocks, cuts):
    """Write the bounds of blocks with about equally many edges plus rows."""
    indptr, cuts = longs(indptr), longs(cuts)
    work, i = indptr[n_rows] + n_rows, 0
    cuts[0] = 0
    for block in loop(1, n_blocks):
        while indptr[i] + i < work * block // n_blocks:
            i += 1
        cuts[block] = i
    cuts[n_blocks] = n_rows
