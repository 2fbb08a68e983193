"""Conversion of lists of networkx graphs."""

from collections.abc import Iterable
from typing import Any

from skattn.graph._data_objects import check_list
from skattn.graph._graph import Graph


def graphs_from_networkx(
    graphs: Iterable[Any],
    *,
    node_attributes: list[str] | None = None,
    weight: str | None = "weight",
    edge_attributes: list[str] | None = None,
    graph_attributes: list[str] | None = None,
    edge_types: str | None = None,
    node_types: str | None = None,
) -> list[Graph]:
    """Convert a list of networkx graphs to a list of Graph.

    Parameters
    ----------
    graphs : iterable of networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        For an edge u → v, u attends to v; undirected edges are added in both
        directions. Nodes become labels unless they are 0 .. n - 1.
    node_attributes : list of str or None, default=None
        Node attributes that become the columns of X: a number is one column, a vector
        of one length at all nodes several. None means no features.
    weight : str or None, default="weight"
        Edge attribute of the weight; 1 for edges without it.
    edge_attributes : list of str or None, default=None
        Edge attributes, numbers or vectors, that become the edge features.
    graph_attributes : list of str or None, default=None
        Attributes of the graphs (keys of ``graph.graph``), numbers or vectors, that
        become their descriptors, with names.
    edge_types, node_types : str or None, default=None
        Edge and node attribute of the type, see :meth:`skattn.Graph.from_networkx`.

    Returns
    -------
    list of Graph
        Graphs in the order of ``graphs``.

    Raises
    ------
    TypeError
        If an entry is not a networkx graph.
    ValueError
        If an attribute is missing, no number or vector, or a vector of another length;
        the message names the graph, and the node or the edge.

    See Also
    --------
    skattn.Graph.from_networkx : One graph.

    Examples
    --------
    >>> import networkx as nx
    >>> from skattn.graph import graphs_from_networkx
    >>> graphs_from_networkx([nx.path_graph(3), nx.cycle_graph(4)])
    [Graph(n_nodes=3, n_edges=4, n_features=0),
     Graph(n_nodes=4, n_edges=8, n_features=0)]
    """
    if hasattr(graphs, "adj"):
        raise TypeError(
            "graphs must be a list of networkx graphs, got one graph. Pass [graph], or "
            "use Graph.from_networkx(graph)."
        )
    check_list(graphs, "graphs", "networkx graphs", "Use [graph] for a single one.")
    converted = []
    for number, graph in enumerate(graphs):
        try:
            converted.append(
                Graph.from_networkx(
                    graph,
                    node_attributes=node_attributes,
                    weight=weight,
                    edge_attributes=edge_attributes,
                    graph_attributes=graph_attributes,
                    edge_types=edge_types,
                    node_types=node_types,
                )
            )
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"At position {number} of graphs: {error}") from error
    return converted
