"""All graphs of a fit, laid out once; batches are cut from them by compiled code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from skattn._batch._batch import GraphBatch
from skattn._batch._collate import collate
from skattn._batch._cut import Stretches
from skattn._batch._rows import as_array, cut_edges, cut_features, cut_rows
from skattn.ops import GraphStructure

if TYPE_CHECKING:
    from skattn.graph._collection import GraphCollection


@dataclass(frozen=True, eq=False)
class GraphBlock:
    """All graphs of a collection side by side, and how to cut some of them out.

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
    """The batch of all graphs, in order, on the CPU, with ``structure.node_ptr``."""

    @classmethod
    def of(cls, collection: GraphCollection, hops: tuple[int, ...] = ()) -> GraphBlock:
        """Lay out all graphs of a collection, whatever its targets.

        Parameters
        ----------
        collection : GraphCollection
            Graphs with numeric features.
        hops : tuple of int, default=()
            How far heads see: for every k > 1 in it, who is within k hops of whom.

        Returns
        -------
        GraphBlock
            With missing self-loops added; features are shared where they fit.

        Raises
        ------
        ValueError
            If the graphs have no features.
        """
        batch = collate(collection.whole, hops=hops)
        node_ptr = torch.from_numpy(np.array(collection.node_ptr, np.int64))
        return cls(
            GraphBatch(
                x=batch.x,
                structure=replace(batch.structure, node_ptr=node_ptr),
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
    def largest(self) -> int:
        """Nodes of the largest graph."""
        return int(np.diff(as_array(self.whole.structure.node_ptr)).max(initial=0))

    def __len__(self) -> int:
        return self.n_graphs

    def cut(
        self, numbers: NDArray[Any], device: torch.device | str = "cpu"
    ) -> GraphBatch:
        """Lay some of the graphs side by side.

        Parameters
        ----------
        numbers : ndarray of shape (n,), int
            Numbers of the graphs, in any order, repeated or not.
        device : torch.device or str, default="cpu"
            Where the tensors shall be.

        Returns
        -------
        GraphBatch
            About all of these n graphs, on memory of its own.

        Raises
        ------
        IndexError
            If there is no graph of some number.
        """
        nodes = self._nodes_of(np.asarray(numbers, np.int64))
        batch = GraphBatch(
            x=cut_features(self.whole.x, nodes),
            structure=_cut_structure(self.whole.structure, nodes),
            targets=torch.arange(len(nodes.low)),
        )
        return batch.to(torch.device(device))

    def _nodes_of(self, numbers: NDArray[np.int64]) -> Stretches:
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < self.n_graphs:
            raise IndexError(
                f"numbers of graphs must lie between 0 and {self.n_graphs - 1}, got "
                f"numbers from {numbers.min()} to {numbers.max()}."
            )
        node_ptr = as_array(self.whole.structure.node_ptr)
        return Stretches.between(node_ptr[numbers], node_ptr[numbers + 1])


def batches(
    n: int, batch_size: int, generator: torch.Generator | None = None
) -> Iterator[NDArray[np.int64]]:
    """Deal numbers out in batches.

    A single one that is left over joins the batch before: statistics over a batch need
    two.

    Parameters
    ----------
    n : int
        How many there are.
    batch_size : int
        How many go into a batch; fewer into the last one.
    generator : torch.Generator or None, default=None
        Shuffles; None: in order.

    Yields
    ------
    ndarray of int64
        All numbers from 0 to n - 1, each in one batch.

    Examples
    --------
    >>> from skattn._batch import batches
    >>> list(batches(5, 2))
    [array([0, 1]), array([2, 3, 4])]
    """
    if generator is None:
        numbers = np.arange(n)
    else:
        numbers = torch.randperm(n, generator=generator).numpy()
    starts = list(range(0, n, batch_size))
    if batch_size > 1 and n > 1 and n % batch_size == 1:
        starts.pop()
    yield from np.split(numbers, starts[1:]) if n else ()


def _cut_structure(structure: GraphStructure, nodes: Stretches) -> GraphStructure:
    edges, entries = cut_edges(structure.edges, nodes)
    return GraphStructure(
        edges=edges,
        edge_data=structure.edge_data.map(lambda rows: cut_rows(rows, entries)),
        node_ptr=torch.from_numpy(nodes.ptr),
        hops={k: cut_edges(far, nodes)[0] for k, far in structure.hops.items()},
    )
