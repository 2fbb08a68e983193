"""Graphs of a generator: checked, as labels."""

import numpy as np

from skattn._batch import LabelledGraphs, Structure
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._undirected import check_symmetric, check_undirected

MIN_GRAPHS = 2
"""Minimum number of graphs of a fit."""


def read_graphs(graphs) -> GraphCollection:
    """Return a collection of undirected graphs.

    Raises
    ------
    TypeError
        If it is no list of graphs.
    ValueError
        If a graph is a view, directed or weighted, has a self-loop, descriptors or
        types, or differs from the others in its features.
    """
    collection = GraphCollection.of(graphs)
    if collection.n_descriptors:
        raise ValueError(
            "graphs must be without descriptors, which are not generated, got "
            f"{collection.n_descriptors}. Use graph.with_descriptors(None), and pass "
            "them as y."
        )
    if collection.n_edge_types or collection.n_node_types:
        raise ValueError(
            "graphs must be without types, which are not generated, got "
            f"{collection.n_edge_types} types of edges and {collection.n_node_types} "
            "of nodes. Pass them as columns of edge_features and X, whose distinct "
            "rows are labels."
        )
    check_undirected(collection)
    return collection


def read_training_graphs(graphs) -> GraphCollection:
    """Return the graphs of a fit; raise an error also if there is one only."""
    single = isinstance(graphs, Graph)
    if single or (isinstance(graphs, list | tuple) and len(graphs) == 1):
        got = "one Graph" if single else "a list of 1"
        raise (TypeError if single else ValueError)(
            f"fit needs a list of at least {MIN_GRAPHS} graphs to learn what they have "
            f"in common, got {got}. Cut one large graph into many: "
            "[graph.subgraph(nodes) for nodes in parts]."
        )
    return read_graphs(graphs)


def encode(collection, table):
    """Return the labelled graphs of a collection, and the mask of those in the table.

    Labels that are not in the table are replaced by the first ones.
    """
    whole, ptr = collection.whole, collection.node_ptr
    nodes = np.zeros(whole.n_nodes, np.int64)
    edges = np.ones(whole.n_edges, np.int64)
    if table.node_rows is not None:
        nodes = table.node_codes(whole.X)
    if table.edge_rows is not None:
        edges = table.edge_codes(whole.edge_features)
        check_symmetric(collection, edges)
    indptr = whole.adjacency.indptr.astype(np.int64)
    owners = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    edge_owners = np.repeat(owners, np.diff(indptr))
    known = np.ones(len(ptr) - 1, bool)
    known[owners[nodes < 0]] = False
    known[edge_owners[edges < 1]] = False
    indices = (whole.adjacency.indices - ptr[edge_owners]).astype(np.int32)
    structure = Structure(ptr.astype(np.int64), indptr, indices)
    return LabelledGraphs(structure, nodes.clip(0), edges.clip(1)), known
