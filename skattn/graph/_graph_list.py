"""Lists of whole graphs."""

from typing import Any

import numpy as np

from skattn.graph._data_objects import check_list
from skattn.graph._graph import Graph


def is_graph_list(X: Any) -> bool:
    """Return whether X is a list, tuple or object array that begins with a Graph."""
    one_by_one = isinstance(X, list | tuple) or (
        getattr(X, "ndim", 0) == 1 and str(X.dtype) == "object"
    )
    return one_by_one and len(X) > 0 and isinstance(next(iter(X)), Graph)


def whole_graphs(graphs: Any) -> list[Graph]:
    """Return a list of graphs; raise ValueError if one is a view of some of its nodes.

    Raises TypeError for a single Graph or an entry that is not a Graph.
    """
    if isinstance(graphs, Graph):
        raise TypeError(
            "A list of graphs is required, got one Graph. Pass a list: [graph]."
        )
    check_list(graphs, "graphs", "Graph", "Use [graph] for a single graph.")
    listed: list[Graph] = list(graphs)
    for number, graph in enumerate(listed):
        _check_whole(number, graph)
    return listed


def _check_whole(number: int, graph: Any) -> None:
    if not isinstance(graph, Graph):
        raise TypeError(
            "A list of graphs must hold graphs alone, got "
            f"{type(graph).__name__} at position {number}. Convert it with "
            "Graph(adjacency, X), or remove it."
        )
    if graph.is_view and len(np.unique(graph.targets)) < graph.n_nodes:
        raise ValueError(
            "Every graph in a list must have all its nodes as targets, but graph "
            f"{number} is a view with {len(graph)} of its {graph.n_nodes} nodes as "
            "targets. Use graph.subgraph() to keep these nodes, or pass the graph "
            "itself, without a list, to predict nodes."
        )
