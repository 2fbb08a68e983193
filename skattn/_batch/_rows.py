"""Stretches of rows out of tensors, laid side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._cut import Stretches, copy_rows, cut_csr
from skattn.ops import Edges, SparseMatrix


def cut_features(x: Tensor | SparseMatrix, nodes: Stretches) -> Tensor | SparseMatrix:
    if not isinstance(x, SparseMatrix):
        return cut_rows(x, nodes)
    edges, entries = cut_edges(x.edges, nodes, columns_move=False)
    return SparseMatrix(edges, cut_rows(x.values, entries))


def cut_edges(
    edges: Edges, nodes: Stretches, *, columns_move: bool = True
) -> tuple[Edges, Stretches]:
    """Return the rows of some nodes, and which entries they were."""
    indptr, senders = as_array(edges.indptr), as_array(edges.senders)
    entries = Stretches.between(indptr[nodes.low], indptr[nodes.high])
    n_nodes, n_entries = int(nodes.ptr[-1]), int(entries.ptr[-1])
    new_indptr = np.empty(n_nodes + 1, np.int64)
    new_senders = np.empty(n_entries, senders.dtype)
    cut_csr(nodes, entries, indptr, senders, columns_move, new_indptr, new_senders)
    cut = Edges(
        indptr=torch.from_numpy(new_indptr),
        senders=torch.from_numpy(new_senders),
        n_senders=n_nodes if columns_move else edges.n_senders,
    )
    return cut, entries


def cut_rows(table: Tensor, rows: Stretches) -> Tensor:
    array, n_rows = as_array(table), int(rows.ptr[-1])
    out = np.empty((n_rows, *array.shape[1:]), array.dtype)
    width = array.shape[1] if array.ndim == 2 else 1
    copy_rows(rows, width, array.reshape(-1), out.reshape(-1))
    return torch.from_numpy(out)


def as_array(tensor: Tensor | None) -> NDArray[Any]:
    assert tensor is not None
    array: NDArray[Any] = tensor.numpy()
    return array
