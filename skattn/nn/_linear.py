"""A linear map of dense or sparse rows, and dropout on either."""

import math
from typing import overload

import torch
from torch import Generator, Tensor, nn

from skattn.ops import SparseMatrix, dropout, sparse_matmul


def glorot_(weight: Tensor, fan: int, generator: Generator | None) -> None:
    """Fill ``weight`` uniformly with variance ``2 / fan`` (Glorot and Bengio 2010)."""
    bound = math.sqrt(6.0 / fan)
    with torch.no_grad():
        weight.uniform_(-bound, bound, generator=generator)


def new_seed(generator: Generator | None) -> int:
    """Draw the seed of one dropout mask."""
    return int(torch.randint(2**62, (), generator=generator))


def matmul(x: Tensor | SparseMatrix, weight: Tensor) -> Tensor:
    """Multiply dense or sparse rows by a dense weight."""
    if isinstance(x, SparseMatrix):
        return sparse_matmul(x, weight)
    if weight.shape[1] == 1:
        # BLAS rounds a matrix times a vector by the number of rows: the same row would
        # not be predicted the same in another batch
        return (x * weight.T).sum(1, keepdim=True)
    return torch.mm(x, weight)


def add_matmul(h: Tensor, x: Tensor | SparseMatrix, weight: Tensor) -> Tensor:
    """Add to ``h`` what :func:`matmul` returns; of dense rows in one go."""
    if isinstance(x, SparseMatrix) or weight.shape[1] == 1:
        return h + matmul(x, weight)
    return torch.addmm(h, x, weight)


@overload
def take_rows(x: Tensor, rows: slice) -> Tensor: ...
@overload
def take_rows(x: SparseMatrix, rows: slice) -> SparseMatrix: ...
def take_rows(x: Tensor | SparseMatrix, rows: slice) -> Tensor | SparseMatrix:
    """Look at some of the rows; at ``x`` itself if they are all."""
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
    """Drop entries of ``x``; of a sparse matrix, stored values only."""
    if p == 0:
        return x
    if isinstance(x, SparseMatrix):
        return SparseMatrix(x.edges, dropout(x.values, p, new_seed(generator)))
    return dropout(x, p, new_seed(generator))


class Linear(nn.Module):
    """An affine map ``x W + b`` whose rows may be sparse.

    Parameters
    ----------
    in_features : int
        Width of the input rows.
    out_features : int
        Width of the output rows.
    bias : bool, default=True
        Whether to add a learned vector.
    generator : torch.Generator, optional
        Source of the initial weights; torch's global one if not given.

    Shape
    -----
    - Input: ``(n, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n, out_features)``

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import Linear
    >>> Linear(5, 3)(torch.ones(2, 5)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the weight anew (Glorot uniform); the bias becomes zero.

        Parameters
        ----------
        generator : torch.Generator, optional
            Source of the weight; torch's global one if not given.
        """
        glorot_(self.weight, sum(self.weight.shape), generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor | SparseMatrix) -> Tensor:
        """Map every row.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n, in_features)
            The rows.

        Returns
        -------
        Tensor of shape (n, out_features)
            Their images.
        """
        if self.bias is None:
            return matmul(x, self.weight)
        return add_matmul(self.bias, x, self.weight)
