"""Sparse matrices and their products with dense matrices."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from skattn.ops._backends import Spec, implementation
from skattn.ops._edges import Edges
from skattn.ops._random import check_dropout

__all__ = ["SparseMatrix", "sparse_matmul"]


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """Sparse matrix in compressed sparse rows (CSR), such as sparse node features.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Edges, SparseMatrix
    >>> edges = Edges.from_csr([0, 1, 3], [1, 0, 1], n_senders=2)
    >>> SparseMatrix(edges, torch.tensor([2.0, 3.0, 4.0])).shape
    (2, 2)
    """

    edges: Edges
    """Positions of the entries: receivers are rows, senders are columns."""
    values: Tensor
    """(n_edges,): values of the entries."""

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.edges.n_receivers, self.edges.n_senders

    def to(self, device: torch.device | str) -> SparseMatrix:
        """Copy to a device.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        SparseMatrix
            The copy, or ``self`` if already on the device.
        """
        edges, values = self.edges.to(device), self.values.to(device)
        if edges is self.edges and values is self.values:
            return self
        return SparseMatrix(edges, values)

    def __len__(self) -> int:
        return self.edges.n_receivers


def sparse_matmul(
    matrix: SparseMatrix, weight: Tensor, *, dropout: float = 0.0, seed: int = 0
) -> Tensor:
    """Multiply a sparse matrix by a dense one.

    Parameters
    ----------
    matrix : SparseMatrix of shape (n_rows, n_columns)
        Sparse matrix; its values are differentiable.
    weight : Tensor of shape (n_columns, k)
        Dense matrix; differentiable.
    dropout : float, default=0.0
        Dropout on the values of the sparse matrix, with the mask of
        ``dropout(matrix.values, dropout, seed)``.
    seed : int, default=0
        Seed of the dropout mask.

    Returns
    -------
    Tensor of shape (n_rows, k)
        The product.

    Raises
    ------
    ValueError
        If shapes do not match or ``dropout`` is not in [0, 1).

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Edges, SparseMatrix, sparse_matmul
    >>> edges = Edges.from_csr([0, 1, 3], [1, 0, 1], n_senders=2)
    >>> matrix = SparseMatrix(edges, torch.tensor([2.0, 3.0, 4.0]))
    >>> sparse_matmul(matrix, torch.eye(2))
    tensor([[0., 2.],
            [3., 4.]])
    """
    check_dropout(dropout)
    if weight.dim() != 2 or len(weight) != matrix.shape[1]:
        raise ValueError(
            f"weight must have one row per column of the matrix ({matrix.shape[1]}) "
            f"and two dimensions, got shape {tuple(weight.shape)}."
        )
    spec = Spec.of(
        "sparse_matmul",
        matrix.edges.indptr,
        matrix.values,
        weight,
        n_edges=matrix.edges.n_edges,
        head_dim=weight.shape[1],
    )
    return implementation(spec)(matrix, weight, dropout, seed)
