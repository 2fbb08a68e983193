"""A graph as the network sees it."""

from dataclasses import dataclass, replace
from typing import TypedDict

import torch
from torch import Tensor

from skattn.ops import Edges, SparseMatrix


class Inputs(TypedDict):
    """The arguments of a network's ``forward``, but for the generator."""

    x: Tensor | SparseMatrix
    edges: Edges
    log_weight: Tensor | None
    edge_features: Tensor | None


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """A graph as tensors, self-loops added, and the nodes that are asked about.

    Its length is the number of targets.
    """

    x: Tensor | SparseMatrix
    """Node features, (n_nodes, n_features), float32."""
    edges: Edges
    """Who attends to whom: n_edges edges, grouped by receiver."""
    log_weight: Tensor | None
    """Logarithm of the edge weights, (n_edges,); None where all weights are 1."""
    edge_features: Tensor | None
    """Edge features, (n_edges, n_edge_features), zero on added self-loops."""
    targets: Tensor
    """Nodes that are asked about, (n_targets,), int64."""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def inputs(self) -> Inputs:
        """The arguments of a network's ``forward``."""
        return Inputs(
            x=self.x,
            edges=self.edges,
            log_weight=self.log_weight,
            edge_features=self.edge_features,
        )

    def to(self, device: torch.device) -> "GraphBatch":
        """Copy to a device; parts that are there already are shared.

        Parameters
        ----------
        device : torch.device
            Where the tensors shall be.

        Returns
        -------
        GraphBatch
            The same graph and targets.
        """

        def move(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.to(device)

        return GraphBatch(
            x=self.x.to(device),
            edges=self.edges.to(device),
            log_weight=move(self.log_weight),
            edge_features=move(self.edge_features),
            targets=self.targets.to(device),
        )

    def with_targets(self, targets: Tensor) -> "GraphBatch":
        """Ask about other nodes of the same graph, on the same tensors.

        Parameters
        ----------
        targets : Tensor of shape (n_targets,), int64
            Numbers of the nodes.

        Returns
        -------
        GraphBatch
            The same graph about these targets.
        """
        return replace(self, targets=targets.to(self.targets.device))
