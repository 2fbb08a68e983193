"""Edge data: weights and features of edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

__all__ = ["EdgeData"]


@dataclass(frozen=True, eq=False)
class EdgeData:
    """Weights and features of edges, one row per edge.

    Examples
    --------
    >>> import torch
    >>> data = EdgeData(features=torch.tensor([[1.0], [2.0], [3.0]]))
    >>> kept = data.map(lambda rows: rows[1:])
    >>> kept.log_weight, kept.features.tolist()
    (None, [[2.0], [3.0]])
    """

    log_weight: Tensor | None = None
    """Logarithm of the edge weights, (n_edges,); None where all weights are 1."""
    features: Tensor | None = None
    """Edge features, (n_edges, n_edge_features)."""

    @property
    def tensors(self) -> list[Tensor]:
        """The fields that are not None."""
        return [rows for rows in vars(self).values() if rows is not None]

    def map(self, function: Callable[[Tensor], Tensor]) -> EdgeData:
        """Apply a function to every tensor; None stays None.

        Parameters
        ----------
        function : callable
            Maps the rows of one field to new rows, such as a selection of edges.

        Returns
        -------
        EdgeData
            The mapped edge data.
        """
        log_weight, features = self.log_weight, self.features
        return EdgeData(
            log_weight=None if log_weight is None else function(log_weight),
            features=None if features is None else function(features),
        )
