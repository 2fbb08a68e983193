"""Products, slices and dropout of dense or sparse rows."""

from typing import overload

import torch
from torch import Generator, Tensor

from skattn.ops import SparseMatrix, dropout, sparse_matmul


def matmul(x: Tensor | SparseMatrix, weight: Tensor) -> Tensor:
    """Multiply dense or sparse rows by a dense weight."""
    if isinstance(x, SparseMatrix):
        return sparse_matmul(x, weight)
    if weight.shape[1] == 1:
        # BLAS rounds a matrix-vector product differently for other numbers of rows:
        # predictions would depend on the batch
        return (x * weight.T).sum(1, keepdim=True)
    return torch.mm(x, weight)


def add_matmul(h: Tensor, x: Tensor | SparseMatrix, weight: Tensor) -> Tensor:
    """Compute ``h + x @ weight``; for dense rows, in one call."""
    if isinstance(x, SparseMatrix) or weight.shape[1] == 1:
        return h + matmul(x, weight)
    return torch.addmm(h, x, weight)


@overload
def take_rows(x: Tensor, rows: slice) -> Tensor: ...
@overload
def take_rows(x: SparseMatrix, rows: slice) -> SparseMatrix: ...
def take_rows(x: Tensor | SparseMatrix, rows: slice) -> Tensor | SparseMatrix:
    """Return a slice of the rows; ``x`` itself if the slice covers all."""
    n_rows = x.shape[0]
    low, high, _ = rows.indices(n_rows)
    if (low, high) == (0, n_rows):
        return x
    if isinstance(x, Tensor):
        return x[low:high]
    first, last = x.edges.indptr[[low, high]].tolist()
    return SparseMatrix(x.edges.part(low, high), x.values[first:last])


def drop(
    x: Tensor | SparseMatrix, p: float, generator: Generator | None
) -> Tensor | SparseMatrix:
    """Apply dropout to ``x``; for a sparse matrix, to its stored values."""
    if p == 0:
        return x
    if isinstance(x, SparseMatrix):
        return SparseMatrix(x.edges, dropout(x.values, p, new_seed(generator)))
    return dropout(x, p, new_seed(generator))


def new_seed(generator: Generator | None) -> int:
    """Draw the seed of one dropout mask."""
    return int(torch.randint(2**62, (), generator=generator))
