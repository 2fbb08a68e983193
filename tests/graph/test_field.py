import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph import _field
from skattn.graph._field import AdjacencyRows, Extent, receptive_field, walk

# 0 attends to 3 and 1, 1 to 4, 3 to 0 and 5, 4 to 4, 5 to 2; 2 to no node
WEIGHTS = np.zeros((6, 6))
WEIGHTS[0, [1, 3]] = 2, 4
WEIGHTS[1, 4] = 3
WEIGHTS[3, [0, 5]] = 1, 5
WEIGHTS[4, 4] = 7
WEIGHTS[5, 2] = 6
GRAPH = Graph(WEIGHTS, np.arange(6.0)[:, None])


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch):
    monkeypatch.setattr(_field, "WHOLE_BELOW", 0)
    monkeypatch.setattr(_field, "LARGEST_WORK", 10)


def field_of(graph, targets, extent):
    return receptive_field(
        AdjacencyRows(graph.adjacency),
        np.array(targets),
        extent,
        features_of=lambda nodes: graph.X[nodes],
        whole=graph,
    )


def test_a_walk_goes_outwards_ring_by_ring():
    found = walk(AdjacencyRows(GRAPH.adjacency), np.array([0]), Extent((1,) * 2))
    assert_array_equal(found.nodes, [0, 1, 3, 4, 5])
    assert found.within == (1, 3, 5)
    assert_array_equal(found.edges.counts, [2, 1, 2])  # of 0, 1 and 3
    assert_array_equal(found.edges.nodes, [1, 2, 3, 0, 4])


def test_a_walk_ends_where_no_new_nodes_are_found():
    found = walk(AdjacencyRows(GRAPH.adjacency), np.array([1]), Extent((1,) * 5))
    assert_array_equal(found.nodes, [1, 4])
    assert found.within == (1, 2, 2, 2, 2, 2)


def test_a_walk_of_no_hops_has_the_targets_alone():
    found = walk(AdjacencyRows(GRAPH.adjacency), np.array([3, 5]), Extent(()))
    assert found.within == (2,)
    assert found.adjacency(np.ones(0, np.float32)).nnz == 0


def test_a_field_has_all_senders_of_all_nodes_but_the_farthest():
    field = field_of(GRAPH, [0], Extent((1, 1)))
    expected = np.zeros((5, 5))  # 0, 1, 3, 4, 5
    expected[0, [1, 2]] = 2, 4
    expected[1, 3] = 3
    expected[2, [0, 4]] = 1, 5
    assert_array_equal(field.graph.adjacency.toarray(), expected)
    assert_array_equal(field.graph.X.ravel(), [0, 1, 3, 4, 5])
    assert field.reach == (1, 3, 5)
    assert field.degree is None


def test_a_field_knows_the_positions_of_its_nodes_in_the_whole_graph():
    field = field_of(GRAPH, [3, 1], Extent((1,)))
    assert_array_equal(field.nodes, [1, 3, 0, 4, 5])
    assert_array_equal(field.graph.X.ravel(), field.nodes)
    assert field.whole is GRAPH


def test_targets_keep_their_order_and_repetitions():
    field = field_of(GRAPH, [4, 1, 4], Extent((1,)))
    assert_array_equal(field.graph.X[field.graph.targets].ravel(), [4, 1, 4])


def test_leading_layers_without_message_passing_reach_no_further():
    assert field_of(GRAPH, [0], Extent((0, 0, 1))).reach == (1, 3, 3, 3)


def test_heads_over_two_hops_reach_two_hops_per_layer():
    assert field_of(GRAPH, [0], Extent((2,))).reach == (1, 5)
    assert field_of(GRAPH, [0], Extent((2, 2))).reach == (1, 5, 6)


def test_edge_features_follow_their_edges():
    numbers = np.arange(7)  # 0: 0 1, 1: 2, 3: 3 4, 4: 5, 5: 6
    graph = Graph(
        GRAPH.adjacency,
        GRAPH.X,
        edge_features=numbers,
        edge_types=numbers,
        node_types=np.arange(GRAPH.n_nodes),
    )
    field = field_of(graph, [3], Extent((1, 1)))
    assert_array_equal(field.graph.edge_features.ravel(), [3, 4, 0, 1, 6])
    assert_array_equal(field.graph.edge_types, [3, 4, 0, 1, 6])
    assert_array_equal(field.graph.node_types, field.nodes)


def test_degrees_are_those_of_the_whole_graph_with_self_loops():
    ones = Graph((WEIGHTS > 0).astype(float), GRAPH.X)
    field = field_of(ones, [0], Extent((1,), uses_degrees=True))
    assert_array_equal(field.graph.X.ravel(), [0, 1, 3])
    assert_allclose(field.degree, [3, 2, 3])
    assert_allclose(field_of(ones, [4], Extent((1,), uses_degrees=True)).degree, [1])


def test_degrees_that_depend_on_distant_edges_need_the_whole_graph():
    extent = Extent((1,), uses_degrees=True)
    assert field_of(GRAPH, [5], extent) is None  # the loop of 2 weighs as column 2
    assert_allclose(field_of(GRAPH, [1], extent).degree, [6, 7])  # 1 has a loop of 3


def test_senders_outside_an_induced_subgraph_are_left_out():
    rows = AdjacencyRows(GRAPH.adjacency, keep=lambda senders: senders != 3)
    found = walk(rows, np.array([0]), Extent((1,) * 3))
    assert_array_equal(found.nodes, [0, 1, 4])
    assert_array_equal(found.edges.counts, [1, 1, 1])


def test_small_graphs_and_large_fields_are_evaluated_whole(monkeypatch):
    rows = AdjacencyRows(GRAPH.adjacency)  # 6 nodes, 7 edges
    monkeypatch.setattr(_field, "LARGEST_WORK", 0.4)
    assert (
        walk(rows, np.array([1]), Extent((1,) * 3)) is not None
    )  # 1, 4 and their edges
    assert walk(rows, np.array([0]), Extent((1,) * 3)) is None
    monkeypatch.setattr(_field, "WHOLE_BELOW", 14)
    assert walk(rows, np.array([1]), Extent((1,) * 3)) is None


def test_no_targets_have_no_field():
    assert field_of(GRAPH, np.array([], np.int64), Extent((1,))) is None
