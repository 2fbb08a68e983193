import numpy as np
import pytest

from skattn import Graph
from skattn.graph._answer_graph import answer_graphs
from skattn.graph._collection import GraphCollection
from skattn.graph._field import Extent

# 0 <-> 1 <-> 2 <-> 3 <-> 4, of weights 10 * receiver + sender
CHAIN = np.zeros((5, 5))
for _i in range(4):
    CHAIN[_i, _i + 1], CHAIN[_i + 1, _i] = 10 * _i + _i + 1, 10 * (_i + 1) + _i


@pytest.fixture
def chain():
    features = np.arange(8.0)[:, None]
    return Graph(CHAIN, np.arange(5.0)[:, None], edge_features=features)


def test_two_layers_reach_two_hops_and_read_the_rows_within_one(chain):
    (found,) = answer_graphs(chain[[1]], Extent((1, 1)))
    assert found.nodes.tolist() == [1, 0, 2, 3]
    assert found.target == 0
    expected = [[0, 10, 12, 0], [1, 0, 0, 0], [21, 0, 0, 23], [0, 0, 0, 0]]
    assert found.graph.adjacency.toarray().tolist() == expected
    assert found.graph.X.ravel().tolist() == [1, 0, 2, 3]
    assert found.graph.edge_features.ravel().tolist() == [1, 2, 0, 3, 4]


def test_degrees_need_the_rows_of_the_farthest_nodes_too(chain):
    (found,) = answer_graphs(chain[[0]], Extent((1,), uses_degrees=True))
    assert found.nodes.tolist() == [0, 1, 2]
    assert found.graph.adjacency.toarray().tolist() == [
        [0, 1, 0],
        [10, 0, 12],
        [0, 0, 0],
    ]


def test_without_message_passing_a_node_is_alone(chain):
    (found,) = answer_graphs(chain[[2]], Extent((0, 0)))
    assert (found.nodes.tolist(), found.graph.n_edges) == ([2], 0)


def test_without_an_extent_answers_share_the_whole_graph(chain):
    first, second = answer_graphs(chain[[3, 3]], None)
    assert first.graph is second.graph is chain
    assert (first.target, second.target) == (3, 3)
    assert first.nodes.tolist() == [0, 1, 2, 3, 4]


def test_an_answer_about_a_graph_has_the_graph_and_its_descriptors(chain):
    pair = Graph([[0, 2], [0, 1]], np.array([[7.0], [8.0]]), edge_features=[[1], [2]])
    graphs = [
        graph.with_descriptors({"kelvin": number})
        for number, graph in enumerate((chain, pair))
    ]
    (found,) = answer_graphs(GraphCollection.of(graphs)[[1]], Extent((1,)))
    assert found.graph.adjacency.toarray().tolist() == [[0, 2], [0, 1]]
    assert found.graph.X.ravel().tolist() == [7, 8]
    assert found.graph.edge_features.ravel().tolist() == [1, 2]
    assert (found.graph.descriptors, found.graph.descriptor_names) == ([1], ("kelvin",))
    assert (found.nodes.tolist(), found.target) == ([0, 1], None)
