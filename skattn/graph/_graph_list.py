"""Lists of whole graphs."""

from typing import Any

import numpy as np

from skattn.graph._graph import Graph


def is_graph_list(X: Any) -> bool:
    """Return whether the first entry of a list, tuple or array of objects is a Graph.

    Parameters
    ----------
    X : object
        Any input of an estimator or transformer.

    Returns
    -------
    bool
        False if it is empty.
    """
    one_by_one = isinstance(X, list | tuple) or (
        getattr(X, "ndim", 0) == 1 and str(X.dtype) == "object"
    )
    return one_by_one and len(X) > 0 and isinstance(next(iter(X)), Graph)


def whole_graphs(graphs: Any) -> list[Graph]:
    """Return a checked list of whole graphs: no views of some of their nodes.

    Parameters
    ----------
    graphs : iterable of Graph
        Views are whole if their targets are all nodes, in any order.

    Returns
    -------
    list of Graph
        The graphs, unchanged.

    Raises
    ------
    TypeError
        If this is one Graph, or an entry is no Graph.
    ValueError
        If an entry is a view of some nodes.
    """
    if isinstance(graphs, Graph):
        raise TypeError(
            "A list of graphs is needed, got one Graph. Put it into a list: [graph]."
        )
    listed: list[Graph] = list(graphs)
    for number, graph in enumerate(listed):
        _check_whole(number, graph)
    return listed


def _check_whole(number: int, graph: Any) -> None:
    if not isinstance(graph, Graph):
        raise TypeError(
            "A list of graphs must hold graphs alone, got "
            f"{type(graph).__name__} at position {number}. Make it a Graph(adjacency, "
            "X), or leave it out."
        )
    if graph.is_view and len(np.unique(graph.targets)) < graph.n_nodes:
        raise ValueError(
            "In a list every graph must be one target as a whole, but graph "
            f"{number} is a view with {len(graph)} of its {graph.n_nodes} nodes as "
            "targets. Cut them out with graph.subgraph(), or pass that graph alone, "
            "not a list, for targets that are nodes."
        )
