"""Disjoint union of many graphs, and batches of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from skattn._batch._batch import GraphBatch
from skattn._batch._collate import collate
from skattn._batch._device_rows import cut_on_device, kept_copy
from skattn._batch._row_ranges import RowRanges
from skattn._batch._rows import cut_edges, cut_features, cut_rows
from skattn._batch._tensors import as_array
from skattn.ops import GraphStructure

if TYPE_CHECKING:
    from skattn.graph._collection import GraphCollection
    from skattn.graph._descriptor_scaling import DescriptorScaling
    from skattn.graph._standardization import Standardization
    from skattn.graph._types import TypeNames


@dataclass(frozen=True, eq=False)
class GraphBlock:
    """Disjoint union of the graphs of a collection, from which batches are cut.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn import Graph
    >>> from skattn._batch import GraphBlock
    >>> from skattn.graph._collection import GraphCollection
    >>> pair = Graph([[0, 1], [1, 0]], np.array([[1.0], [2.0]]))
    >>> loner = Graph([[0]], np.array([[3.0]]))
    >>> block = GraphBlock.of(GraphCollection.of([pair, loner]))
    >>> batch = block.cut(np.array([1, 0]))
    >>> batch.x.T, batch.structure.node_ptr
    (tensor([[3., 1., 2.]]), tensor([0, 1, 3]))
    """

    whole: GraphBatch
    """Batch of all graphs, on the CPU, with ``structure.node_ptr``."""

    @classmethod
    def of(
        cls,
        collection: GraphCollection,
        hops: tuple[int, ...] = (),
        *,
        edge_scaling: Standardization | None = None,
        edge_types: TypeNames | None = None,
        descriptor_scaling: DescriptorScaling | None = None,
    ) -> GraphBlock:
        """Collate all graphs of a collection; the options are those of `collate`.

        `descriptor_scaling` is the standardisation of the descriptors.
        """
        batch = collate(
            collection.whole,
            hops=hops,
            edge_scaling=edge_scaling,
            edge_types=edge_types,
        )
        node_ptr = torch.from_numpy(np.array(collection.node_ptr, np.int64))
        descriptors = None
        if collection.descriptors is not None and descriptor_scaling is not None:
            scaled = descriptor_scaling.apply(collection.descriptors)
            descriptors = torch.from_numpy(scaled)
        return cls(
            GraphBatch(
                x=batch.x,
                structure=replace(
                    batch.structure, node_ptr=node_ptr, descriptors=descriptors
                ),
                targets=torch.arange(len(node_ptr) - 1),
            )
        )

    @property
    def n_graphs(self) -> int:
        """Number of graphs."""
        return self.whole.structure.n_graphs

    @property
    def n_features(self) -> int:
        """Number of node features."""
        return int(self.whole.x.shape[1])

    @property
    def max_graph_size(self) -> int:
        """Number of nodes of the largest graph."""
        return int(np.diff(as_array(self.whole.structure.node_ptr)).max(initial=0))

    def __len__(self) -> int:
        return self.n_graphs

    def cut(
        self, numbers: NDArray[Any], device: torch.device | str = "cpu"
    ) -> GraphBatch:
        """Return the disjoint union of some graphs, all of them targets.

        `numbers` (n,) are their indices, in any order, possibly repeated. A GPU keeps
        a copy of all graphs if it has room for it, and cuts batches from that.
        """
        numbers, device = np.asarray(numbers, np.int64), torch.device(device)
        nodes, copy = self._nodes_of(numbers), self._copy_on(device)
        if copy is None:
            x = cut_features(self.whole.x, nodes)
            structure = _cut_structure(self.whole.structure, nodes)
        else:
            x, structure = cut_on_device(self.whole, copy, nodes)
        if self.whole.structure.descriptors is not None:
            rows = self.whole.structure.descriptors[torch.from_numpy(numbers)]
            structure = replace(structure, descriptors=rows)
        batch = GraphBatch(x, structure, targets=torch.arange(len(nodes.low)))
        return batch.to(device)

    def _copy_on(self, device: torch.device) -> GraphBatch | None:
        """Return all graphs on a device that keeps them, or None."""
        return kept_copy(vars(self).setdefault("_copies", {}), self.whole, device)

    def _nodes_of(self, numbers: NDArray[np.int64]) -> RowRanges:
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < self.n_graphs:
            raise IndexError(
                f"indices of graphs must lie between 0 and {self.n_graphs - 1}, got "
                f"indices from {numbers.min()} to {numbers.max()}."
            )
        node_ptr = as_array(self.whole.structure.node_ptr)
        return RowRanges.between(node_ptr[numbers], node_ptr[numbers + 1])


def _cut_structure(structure: GraphStructure, nodes: RowRanges) -> GraphStructure:
    edges, entries = cut_edges(structure.edges, nodes)
    return GraphStructure(
        edges=edges,
        edge_data=structure.edge_data.map(lambda rows: cut_rows(rows, entries)),
        node_ptr=torch.from_numpy(nodes.ptr),
        hops={k: cut_edges(far, nodes)[0] for k, far in structure.hops.items()},
    )
