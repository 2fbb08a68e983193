from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skattn import Graph
from skattn.metrics._isomorphism import isomorphism_classes
from skattn.metrics._labelled_graphs import LabelledGraphs

networkx = pytest.importorskip("networkx")


def classes_of(*graphs):
    return isomorphism_classes(LabelledGraphs.of(graphs)).tolist()


def graph_of(plain):
    return Graph(networkx.to_numpy_array(plain))


def labelled_graphs(n_graphs, seed, *, directed=False):
    """Return small graphs with two labels of nodes and of edges."""
    rng = np.random.default_rng(seed)
    graphs = []
    for _ in range(n_graphs):
        kinds = rng.integers(0, 3, (4, 4))
        if not directed:
            kinds = np.triu(kinds, 1) + np.triu(kinds, 1).T
        X = rng.integers(0, 2, (4, 1))
        graphs.append(Graph(kinds > 0, X, edge_features=kinds[kinds > 0][:, None]))
    return graphs


def key(graph):
    """Return the least of all renumberings of a graph with its labels."""
    kinds = graph.adjacency.toarray()
    kinds[kinds > 0] = graph.edge_features[:, 0]
    return min(
        (*kinds[np.ix_(order, order)].ravel(), *graph.X[list(order), 0])
        for order in permutations(range(graph.n_nodes))
    )


@pytest.mark.parametrize("directed", [False, True])
def test_classes_are_those_of_all_renumberings(directed, renumbered):
    graphs = labelled_graphs(60, 0, directed=directed)
    graphs += [renumbered(graph, seed) for seed, graph in enumerate(graphs)]
    first = {}
    expected = [first.setdefault(key(g), n) for n, g in enumerate(graphs)]
    assert classes_of(*graphs) == expected
    assert max(expected[60:]) == 59


def test_all_connected_graphs_of_six_nodes_differ(renumbered):
    atlas = networkx.graph_atlas_g()
    graphs = [graph_of(g) for g in atlas if len(g) == 6 and networkx.is_connected(g)]
    others = [renumbered(graph, seed) for seed, graph in enumerate(graphs)]
    numbers = list(range(112))  # OEIS A001349
    assert classes_of(*graphs, *others) == numbers + numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            networkx.cycle_graph(12),
            networkx.disjoint_union_all([networkx.cycle_graph(6)] * 2),
        ),
        (networkx.complete_bipartite_graph(3, 3), networkx.circular_ladder_graph(3)),
        (
            networkx.random_regular_graph(3, 60, seed=0),
            networkx.random_regular_graph(3, 60, seed=1),
        ),
        (  # parts with automorphisms beside those that differ
            networkx.disjoint_union_all(
                [*[networkx.path_graph(3)] * 8, networkx.cycle_graph(12)]
            ),
            networkx.disjoint_union_all(
                [*[networkx.path_graph(3)] * 8, *[networkx.cycle_graph(6)] * 2]
            ),
        ),
    ],
)
def test_graphs_with_equal_colours_are_compared_exactly(one, other, renumbered):
    first, second = graph_of(one), graph_of(other)
    found = classes_of(first, renumbered(second, 1), renumbered(first, 2), second)
    assert found == [0, 1, 0, 1]


def test_strongly_regular_graphs_differ(renumbered):
    rook = networkx.line_graph(networkx.complete_bipartite_graph(4, 4))
    shrikhande = networkx.Graph(
        ((a, b), ((a + x) % 4, (b + y) % 4))
        for a in range(4)
        for b in range(4)
        for x, y in [(0, 1), (1, 0), (1, 1)]
    )
    first, second = graph_of(rook), graph_of(shrikhande)
    found = classes_of(first, renumbered(second, 1), renumbered(first, 2), second)
    assert found == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "plain",
    [
        networkx.star_graph(1200),  # more leaves than Python has levels of recursion
        networkx.empty_graph(1200),
        networkx.complete_graph(60),
        networkx.grid_2d_graph(12, 12),
        networkx.hypercube_graph(5),
        networkx.balanced_tree(3, 4),
    ],
)
def test_a_renumbered_symmetric_graph_is_found(plain, renumbered):
    graph = graph_of(plain)
    assert classes_of(graph, renumbered(graph)) == [0, 0]


def test_labels_make_a_difference():
    path = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    end, middle, other_end = np.eye(3)[:, :, None]
    assert classes_of(*(Graph(path, X) for X in (end, middle, other_end))) == [0, 1, 0]
    weighted = [Graph(np.multiply(path, w)) for w in (1, 2, 1)]
    assert classes_of(*weighted) == [0, 1, 0]


def test_parallel_edges_are_multisets():
    def pair(*kinds):
        edges = [(0, 1)] * len(kinds) + [(1, 0)] * len(kinds)
        return Graph.from_edges(edges, nodes=2, edge_features=[*kinds, *kinds])

    assert classes_of(pair(1, 2), pair(2, 1), pair(1, 1), pair(1)) == [0, 0, 2, 3]


def test_twins_with_different_labels_are_not_exchanged():
    star = networkx.to_numpy_array(networkx.star_graph(4))
    X = np.array([[0], [1], [1], [2], [2]])
    swapped, unequal = X[[0, 3, 1, 4, 2]], np.array([[0], [1], [1], [1], [2]])
    assert classes_of(*(Graph(star, x) for x in (X, swapped, unequal))) == [0, 0, 2]


def test_equal_sizes_and_degrees_do_not_suffice():
    found = isomorphism_classes(
        LabelledGraphs.of(
            [graph_of(networkx.path_graph(5)), graph_of(networkx.cycle_graph(5))]
        )
    )
    assert_array_equal(found, [0, 1])
