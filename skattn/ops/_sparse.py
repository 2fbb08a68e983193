"""Sparse matrices and their products, for node features that are mostly zeros."""

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
    """A matrix in compressed sparse rows: entry ``k`` lies on edge ``k``.

    Rows are the receivers of `edges` and columns its senders.
    """

    edges: Edges
    """Positions of the entries: receivers are rows, senders columns."""
    values: Tensor
    """(n_edges,): the entries."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.edges.n_receivers, self.edges.n_senders

    def to(self, device: torch.device | str) -> SparseMatrix:
        """Return the same matrix on a device.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        SparseMatrix
            The matrix; itself if already on the device.
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
        Not differentiated.
    weight : Tensor of shape (n_columns, k)
        Differentiable.
    dropout : float, default=0.0
        Probability that a stored value is dropped; the others are scaled by
        ``1 / (1 - dropout)``. Zeros that are not stored stay zeros, so this is dropout
        of the whole matrix at the cost of its entries, with the mask of
        ``ops.dropout(matrix.values, dropout, seed)``.
    seed : int, default=0
        Seed of the dropout mask.

    Returns
    -------
    Tensor of shape (n_rows, k)
        The product.

    Raises
    ------
    ValueError
        If the shapes do not fit or `dropout` is not in [0, 1).

    Examples
    --------
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
