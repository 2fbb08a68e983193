"""Collections of graphs: a disjoint union with graphs as rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._descriptors import Descriptors, stacked_descriptors
from skattn.graph._graph import Graph
from skattn.graph._graph_list import whole_graphs
from skattn.graph._target_view import TargetView
from skattn.graph._types import GraphTypes
from skattn.graph._union import check_alike, side_by_side


@dataclass(frozen=True, eq=False, repr=False)
class GraphCollection(TargetView):
    """Disjoint union of graphs, and the target graphs.

    Its rows are graphs, as the rows of a `Graph` are nodes. Slicing by rows returns a
    view: the same arrays with other targets.

    Examples
    --------
    >>> from skattn.graph import Graph
    >>> from skattn.graph._collection import GraphCollection
    >>> collection = GraphCollection.of([Graph([[0, 1], [1, 0]]), Graph([[0]])])
    >>> collection
    GraphCollection(n_graphs=2, n_nodes=3, n_edges=2, n_features=0)
    >>> collection.node_ptr
    array([0, 2, 3])
    >>> collection[[1]].targets
    array([1])
    """

    whole: Graph
    """The disjoint union, without labels; features as given."""
    node_ptr: NDArray[np.int64]
    """(n_graphs + 1,): graph g holds the nodes node_ptr[g] to node_ptr[g + 1]."""
    targets: NDArray[np.int64]
    """(n_targets,) positions of the target graphs; all graphs unless this is a view."""
    _base: "GraphCollection | None" = None
    """Base collection of a view, or None."""
    descriptors: Descriptors | None = None
    """Descriptors of all graphs, or None."""

    @classmethod
    def of(cls, graphs: Sequence[Graph]) -> Self:
        """Make a collection of whole, non-empty graphs with equal features.

        Node labels are ignored. Raises TypeError if an entry is not a Graph, and
        ValueError if the list or a graph is empty, a graph is a view of some of its
        nodes, or its features or descriptors differ from those of the first graph.
        """
        graphs = _as_graphs(graphs)
        check_alike(graphs)
        adjacency, X, edge_features, node_ptr = side_by_side(graphs)
        types = GraphTypes.side_by_side([graph._types for graph in graphs])
        whole = Graph._trusted(adjacency, X, edge_features, None, types=types)
        descriptors = stacked_descriptors([graph._descriptors for graph in graphs])
        targets = np.arange(len(graphs))
        return cls(whole, node_ptr, targets, descriptors=descriptors)

    @property
    def n_graphs(self) -> int:
        """Number of graphs of the whole collection."""
        return len(self.node_ptr) - 1

    @property
    def n_nodes(self) -> int:
        """Number of nodes of all graphs."""
        return self.whole.n_nodes

    @property
    def n_edges(self) -> int:
        """Number of edges of all graphs."""
        return self.whole.n_edges

    @property
    def n_features(self) -> int:
        """Number of node features, 0 without any."""
        return self.whole.n_features

    @property
    def n_edge_features(self) -> int:
        """Number of edge features, 0 without any."""
        return self.whole.n_edge_features

    @property
    def n_edge_types(self) -> int:
        """Number of edge types, 0 without any."""
        return self.whole.n_edge_types

    @property
    def n_node_types(self) -> int:
        """Number of node types, 0 without any."""
        return self.whole.n_node_types

    @property
    def _types(self) -> GraphTypes:
        """Types of the edges and nodes of all graphs."""
        return self.whole._types

    @property
    def n_descriptors(self) -> int:
        """Number of descriptors of a graph, 0 without any."""
        return 0 if self.descriptors is None else self.descriptors.width

    def _view(self, targets: NDArray[np.int64]) -> Self:
        return replace(self, targets=targets, _base=self.base)

    def with_features(self, X: Any) -> Self:
        """Return the same graphs and targets with other features of all nodes."""
        whole = replace(self.base, whole=self.whole.with_features(X))
        return whole[self.targets] if self.is_view else whole

    def _counts(self) -> dict[str, int]:
        names = ["n_graphs", "n_nodes", "n_edges", "n_features"]
        if self.n_edge_features:
            names.append("n_edge_features")
        names += [
            name
            for name in ("n_descriptors", "n_edge_types", "n_node_types")
            if getattr(self, name)
        ]
        return {name: getattr(self, name) for name in names}


def _as_graphs(graphs: Any) -> list[Graph]:
    """Return a checked list of whole, non-empty graphs."""
    listed = whole_graphs(graphs)
    if not listed:
        raise ValueError(
            "There must be at least one graph, got an empty list. Check how the graphs "
            "were made or selected."
        )
    for number, graph in enumerate(listed):
        if graph.n_nodes == 0:
            raise ValueError(
                f"Every graph in a list must have a node, graph {number} has none. "
                "Remove it and its label."
            )
    return listed
