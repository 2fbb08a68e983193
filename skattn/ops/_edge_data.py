"""Edge weights and edge features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

__all__ = ["EdgeData"]


@dataclass(frozen=True, eq=False)
class EdgeData:
    """Edge weights and edge features, one row per edge.

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
        log_weight, features = self.log_weight, self.features
        return EdgeData(
            log_weight=None if log_weight is None else function(log_weight),
            features=None if features is None else function(features),
        )
