"""Batch of pairs of nodes in one graph."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._collate import collate
from skattn._batch._tensors import as_tensor
from skattn.graph import Graph
from skattn.graph._link_context import LinkContext
from skattn.graph._pair_features import PairFeatures
from skattn.graph._pair_keys import Pairs
from skattn.graph._standardization import Standardization

Features = NDArray[np.float32]
PAIR_FEATURE_UNIT = 1e-3
"""Unit of the structural features, of which logarithms are taken: small probabilities
of walks differ then, too. A cosine keeps its sign."""


@dataclass(frozen=True, eq=False)
class PairBatch(GraphBatch):
    """Batch of pairs: a graph without their edges, and their features.

    Its length is the number of pairs; ``targets`` are (n_pairs, 2), source and target.
    """

    features: Tensor | None = None
    """(n_pairs, n_pair_features) structural features, then those of the rows."""

    def to(self, device: torch.device) -> "PairBatch":
        """Copy to a device; tensors already there are shared."""
        features = None if self.features is None else self.features.to(device)
        return PairBatch(**_fields(super().to(device)), features=features)


@dataclass(frozen=True, eq=False)
class PairCollator:
    """Conversion of pairs to batches."""

    context: LinkContext
    """Nodes and edges."""
    features: Any
    """(n_nodes, n_features) node features, standardised."""
    hops: tuple[int, ...]
    """Numbers of hops of the heads, see :func:`collate`."""
    edge_scaling: Standardization | None
    """Standardisation of the edge features; None for none."""
    device: torch.device
    """Device of the batches."""

    def hiding(self, pairs: Pairs, row_features: Features) -> PairBatch:
        """Make the batch of pairs in the graph without the edges of all of them."""
        graph = self.context.without(pairs)
        features = self.described(
            self.context.pair_features(graph), pairs, row_features
        )
        given = _fields(self.batch(graph)) | {"targets": self.ends(pairs)}
        return PairBatch(**given, features=features)

    def batch(self, graph: Graph) -> GraphBatch:
        """Make the batch of all nodes of the context in a graph with some edges."""
        parts = graph.adjacency, self.features, graph.edge_features, None
        return collate(
            Graph._trusted(*parts),
            self.device,
            self.hops,
            edge_scaling=self.edge_scaling,
        )

    def ends(self, pairs: Pairs) -> Tensor:
        """Return pairs as a tensor."""
        return torch.from_numpy(pairs).to(self.device)

    def described(
        self, structure: PairFeatures, pairs: Pairs, row_features: Features
    ) -> Tensor:
        """Compute the features of pairs, (n_pairs, n_pair_features).

        `row_features` are standardised, (n_pairs, n_row_features).
        """
        found = structure(pairs)
        found = np.sign(found) * np.log1p(np.abs(found) / PAIR_FEATURE_UNIT)
        found = np.concatenate([found, row_features], 1)
        return as_tensor(found, np.float32).to(self.device)


def _fields(batch: GraphBatch) -> dict[str, Any]:
    """Return the fields of a batch of nodes by name."""
    return {field.name: getattr(batch, field.name) for field in fields(GraphBatch)}
