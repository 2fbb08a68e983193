from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skattn import Graph
from skattn.metrics._orbits import N_ORBITS, orbit_counts, triangle_counts
from skattn.metrics._simple_graphs import SimpleGraphs

# the orbit of a node by its degree in the induced subgraph, by the sorted degrees of it
ORBITS = {
    (1, 1): {1: 0},
    (1, 1, 2): {1: 1, 2: 2},
    (2, 2, 2): {2: 3},
    (1, 1, 2, 2): {1: 4, 2: 5},
    (1, 1, 1, 3): {1: 6, 3: 7},
    (2, 2, 2, 2): {2: 8},
    (1, 2, 2, 3): {1: 9, 2: 10, 3: 11},
    (2, 2, 3, 3): {2: 12, 3: 13},
    (3, 3, 3, 3): {3: 14},
}


def enumerated(adjacency):
    counts = np.zeros((len(adjacency), N_ORBITS), int)
    for size in (2, 3, 4):
        for nodes in combinations(range(len(adjacency)), size):
            degrees = adjacency[np.ix_(nodes, nodes)].sum(axis=1).astype(int)
            orbit_of = ORBITS.get(tuple(sorted(degrees.tolist())), {})
            for node, degree in zip(nodes, degrees.tolist(), strict=True):
                if orbit_of:
                    counts[node, orbit_of[degree]] += 1
    return counts


def counts_of(graph):
    return orbit_counts(SimpleGraphs.of(graphs=[graph]).adjacency)


def test_counts_equal_an_enumeration_of_all_subgraphs(random_graphs):
    for graph in random_graphs(60):
        assert_array_equal(counts_of(graph), enumerated(graph.adjacency.toarray()))


def test_counts_of_a_union_are_those_of_its_graphs(random_graphs):
    graphs = random_graphs(20, seed=1)
    together = orbit_counts(SimpleGraphs.of(graphs=graphs).adjacency)
    assert_array_equal(together, np.concatenate([counts_of(g) for g in graphs]))


@pytest.mark.parametrize("n_nodes", [1, 2])
def test_graphs_without_edges_have_no_orbits(n_nodes):
    assert_array_equal(counts_of(Graph(np.zeros((n_nodes, n_nodes)))), 0)


def test_a_diamond_with_a_tail_has_the_orbits_counted_by_hand():
    edges = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 4)]  # 0, 3 outer; 4 the tail
    graph = Graph.from_edges(edges, nodes=5, directed=False)
    counts = counts_of(graph)
    assert_array_equal(counts[:, 0], [2, 3, 3, 3, 1])
    assert_array_equal(counts[:, 12], [1, 0, 0, 1, 0])
    assert_array_equal(counts[:, 13], [0, 1, 1, 0, 0])
    assert_array_equal(counts[:, 9], [0, 0, 0, 0, 1])  # the triangle 1 2 3 and 4
    assert_array_equal(counts[:, 11], [0, 0, 0, 1, 0])


def test_triangles_agree_with_networkx(random_graphs):
    networkx = pytest.importorskip("networkx")
    for graph in random_graphs(20, seed=2):
        simple = SimpleGraphs.of(graphs=[graph]).adjacency
        expected = networkx.triangles(networkx.from_scipy_sparse_array(simple))
        assert_array_equal(triangle_counts(simple), list(expected.values()))
