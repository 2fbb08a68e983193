"""Edge weights, edge features and edge types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

__all__ = ["EdgeData"]


@dataclass(frozen=True, eq=False)
class EdgeData:
    """Edge weights, edge features and edge types, one row per edge.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import EdgeData
    >>> data = EdgeData(features=torch.tensor([[1.0], [2.0], [3.0]]))
    >>> kept = data.map(lambda rows: rows[1:])
    >>> kept.log_weight, kept.features.tolist()
    (None, [[2.0], [3.0]])
    """

    log_weight: Tensor | None = None
    """(n_edges,): logarithms of the edge weights; None if all weights are 1."""
    features: Tensor | None = None
    """(n_edges, n_edge_features): edge features."""
    types: Tensor | None = None
    """(n_edges,) int32 or int64: edge types, numbered from 0."""

    @property
    def tensors(self) -> list[Tensor]:
        """List of the fields that are not None."""
        return [rows for rows in vars(self).values() if rows is not None]

    def map(self, function: Callable[[Tensor], Tensor]) -> EdgeData:
        """Apply a function, such as a selection of edges, to every field.

        Parameters
        ----------
        function : callable
            Function from a tensor with one row per edge to the new tensor. It is not
            called for fields that are None.

        Returns
        -------
        EdgeData
            Edge data with the returned tensors.
        """
        return EdgeData(
            **{
                name: None if rows is None else function(rows)
                for name, rows in vars(self).items()
            }
        )
