"""Batch: a graph or a disjoint union of graphs, as tensors."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypedDict

import torch
from torch import Tensor

from skattn.ops import GraphStructure, SparseMatrix


class Inputs(TypedDict):
    """Arguments of a network's ``forward``, except the generator."""

    x: Tensor | SparseMatrix
    structure: GraphStructure


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """Batch: graphs as tensors, with self-loops, and their targets.

    Its length is the number of targets.
    """

    x: Tensor | SparseMatrix
    """Node features, (n_nodes, n_features), float32."""
    structure: GraphStructure
    """Edges and edge data; ``node_ptr`` is set if the targets are graphs."""
    targets: Tensor
    """Target nodes or graphs, (n_targets,), int64."""
    position_of: Tensor | None = None
    """Row of `x` of each node of the graph, (n_nodes,) int64; None if nodes were not
    reordered."""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def inputs(self) -> Inputs:
        """Arguments of a network's ``forward``, except the generator."""
        return Inputs(x=self.x, structure=self.structure)

    @property
    def nbytes(self) -> int:
        """Number of bytes of features, edges and edge data."""
        structure = self.structure
        neighbourhoods = [structure.edges, *structure.hops.values()]
        tensors = list(structure.edge_data.tensors)
        if isinstance(self.x, SparseMatrix):
            neighbourhoods.append(self.x.edges)
            tensors.append(self.x.values)
        else:
            tensors.append(self.x)
        for edges in neighbourhoods:
            tensors += [edges.indptr, edges.senders]
        return sum(tensor.nbytes for tensor in tensors)

    @cached_property
    def _all_in_order(self) -> bool:
        return torch.equal(self.targets, torch.arange(len(self)).to(self.targets))

    def select(self, codes: Tensor) -> Tensor:
        """Select the rows of the targets; all rows are returned without a copy."""
        if len(self) == len(codes) and self._all_in_order:
            return codes
        return codes[self.targets]

    def to(self, device: torch.device) -> "GraphBatch":
        """Copy to a device; tensors already there are shared.

        The order of the targets is checked here, on the CPU, so that it need not be
        read from the device.
        """
        moved = GraphBatch(
            x=self.x.to(device),
            structure=self.structure.to(device),
            targets=self.targets.to(device),
            position_of=(
                None if self.position_of is None else self.position_of.to(device)
            ),
        )
        if self.targets.device.type == "cpu":
            vars(moved)["_all_in_order"] = self._all_in_order
        return moved

    def with_targets(self, targets: Tensor) -> "GraphBatch":
        """Replace the targets: int64 numbers of graphs, or of nodes in graph order.

        All other tensors are shared.
        """
        targets = targets.to(self.targets.device)
        if self.position_of is not None:
            targets = self.position_of[targets]
        return replace(self, targets=targets)
