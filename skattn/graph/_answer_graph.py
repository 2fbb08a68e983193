"""Answer graphs: for each answer, the part of a graph that it depends on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._field import Extent
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
    raise NotImplementedError
