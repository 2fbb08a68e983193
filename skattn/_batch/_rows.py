"""Concatenation of ranges of rows of tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from skattn._batch._row_ranges import RowRanges, copy_rows, cut_csr
from skattn._batch._tensors import as_array
from skattn.ops import Edges, SparseMatrix


def cut_features(x: Tensor | SparseMatrix, nodes: RowRanges) -> Tensor | SparseMatrix:
    """Return the features of ranges of nodes, dense or sparse as they were."""
    if not isinstance(x, SparseMatrix):
        return cut_rows(x, nodes)
    edges, entries = cut_edges(x.edges, nodes, columns_move=False)
    return SparseMatrix(edges, cut_rows(x.values, entries))


def cut_edges(
    edges: Edges, nodes: RowRanges, *, columns_move: bool = True
) -> tuple[Edges, RowRanges]:
    """Return the edges of ranges of nodes, and the ranges of their old positions."""
    indptr, senders = as_array(edges.indptr), as_array(edges.senders)
    entries = RowRanges.between(indptr[nodes.low], indptr[nodes.high])
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


def cut_rows(table: Tensor, rows: RowRanges) -> Tensor:
    """Return ranges of rows of a vector or matrix."""
    array, n_rows = as_array(table), int(rows.ptr[-1])
    out = np.empty((n_rows, *array.shape[1:]), array.dtype)
    width = array.shape[1] if array.ndim == 2 else 1
    copy_rows(rows, width, array.reshape(-1), out.reshape(-1))
    return torch.from_numpy(out)
