"""Two kinds of nodes: the sources and the targets of the pairs of a bipartite graph."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from skattn.graph._pair_keys import Pairs

Sides = NDArray[np.bool_]
"""(2, n_nodes) nodes that can be source, and target."""


def sides_of(pairs: Pairs, n_nodes: int) -> Sides:
    """Return the nodes that are source, and target, of a pair."""
    sides = np.zeros((2, n_nodes), bool)
    sides[0, pairs[:, 0]] = sides[1, pairs[:, 1]] = True
    return sides


def are_apart(sides: Sides) -> bool:
    """Return whether there are several sources and targets, and no node is both."""
    return bool((sides.sum(1) > 1).all() and not sides.all(0).any())


def in_two_colors(pairs: Pairs, n_nodes: int) -> Pairs:
    """Turn pairs round so that no node is source of one and target of another.

    The first node of each connected component is a source.

    Raises
    ------
    ValueError
        If nodes have no two colours such that those of each pair differ.
    """
    ones = np.ones(len(pairs), np.int8)
    graph = sp.csr_array((ones, tuple(pairs.T)), shape=(n_nodes, n_nodes))
    graph = graph + graph.T
    # the double cover of a bipartite component has two components
    cover = sp.block_array([[None, graph], [graph, None]])
    label = connected_components(cover, directed=False)[1].reshape(2, n_nodes)
    if (label[0] == label[1]).any():
        raise ValueError(
            "bipartite=True needs a graph of two kinds of nodes, without edges within "
            "a kind, got a graph with a cycle of odd length. Set bipartite=False."
        )
    component = connected_components(graph, directed=False)[1]
    _, first = np.unique(component, return_index=True)
    is_source = label[0] == label[0][first[component]]
    return np.where(is_source[pairs[:, :1]], pairs, pairs[:, ::-1])
