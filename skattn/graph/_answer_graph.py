"""Answer graphs: for each answer, the part of a graph that it depends on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skattn.graph._collection import GraphCollection
from skattn.graph._descriptors import Descriptors
from skattn.graph._field import AdjacencyRows, Extent, walk_all
from skattn.graph._graph import Graph


@dataclass(frozen=True, eq=False)
class AnswerGraph:
    """Part of a graph that determines one answer, whichever of its edges are removed.

    It has the rows of all nodes whose senders, weights or degrees have a part in the
    answer, so that the graph without some edges is evaluated as any other graph.
    """

    graph: Graph
    """Nodes and edges, with checked features; nodes are sorted by their distance from
    the target (the target is node 0), those of a whole graph in their order."""
    nodes: NDArray[np.int64]
    """(n_nodes,) positions of its nodes in the graph of the view, or in its own graph
    of a list."""
    target: int | None
    """Position of the target node in `nodes`; None if the answer is about the graph."""
    within: tuple[int, ...] | None = None
    """Number of nodes within 0, 1, 2, ... hops of the target; None of a whole graph."""

    @property
    def distance(self) -> NDArray[np.int64]:
        """(n_nodes,) hops from the target, of a graph that is not whole."""
        assert self.within is not None
        rings = np.diff(self.within, prepend=0)
        return np.repeat(np.arange(len(rings)), rings)


def answer_graphs(
    view: Graph | GraphCollection, extent: Extent | None
) -> list[AnswerGraph]:
    """Cut out the answer graph of every target of a view.

    Parameters
    ----------
    view : Graph or GraphCollection
        Graph or graphs with checked features, and targets: nodes or graphs.
    extent : Extent or None
        Hops of the network's layers; None if an answer depends on all nodes of its
        graph. With ``uses_degrees`` the degrees of the farthest nodes count too.

    Returns
    -------
    list of AnswerGraph
        One per target; all targets share the arrays of a graph that is not cut.
    """
    if isinstance(view, GraphCollection):
        return [_graph_of(view, number) for number in view.targets.tolist()]
    if extent is None:
        everything = np.arange(view.n_nodes)
        whole = view.base
        return [AnswerGraph(whole, everything, node) for node in view.targets.tolist()]
    return list(_around(view, extent.radius))


def _graph_of(view: GraphCollection, number: int) -> AnswerGraph:
    """Return a graph of a collection, with its descriptors."""
    low, high = view.node_ptr[number : number + 2].tolist()
    whole, of_all = view.whole, view.descriptors
    adjacency, n_nodes = whole.adjacency, high - low
    first, last = adjacency.indptr[[low, high]].tolist()
    parts = (
        adjacency.data[first:last],
        adjacency.indices[first:last] - low,
        adjacency.indptr[low : high + 1] - first,
    )
    descriptors = None
    if of_all is not None:
        descriptors = Descriptors(of_all.values[number], of_all.names)
    graph = Graph._trusted(
        csr_array(parts, shape=(n_nodes, n_nodes)),
        whole.X[low:high],
        None if whole.edge_features is None else whole.edge_features[first:last],
        None,
        descriptors=descriptors,
        types=whole._types.take(np.arange(first, last), np.arange(low, high)),
    )
    return AnswerGraph(graph, np.arange(n_nodes), None)


def _around(view: Graph, n_hops: int) -> Iterator[AnswerGraph]:
    """Yield the nodes within some hops of each target."""
    rows = AdjacencyRows(view.adjacency)
    position = np.zeros(view.n_nodes, np.int64)
    for target in view.targets:
        found = walk_all(rows, np.array([target]), n_hops, position)
        entries = found.edges.entries
        graph = Graph._trusted(
            found.adjacency(rows.weights(entries)),
            view.X[found.nodes],
            None if view.edge_features is None else view.edge_features[entries],
            None,
            types=view._types.take(entries, found.nodes),
        )
        yield AnswerGraph(graph, found.nodes, 0, found.within)
