import numpy as np
import pytest
import torch

from skattn import Graph
from skattn._batch._candidates import edge_candidates, node_candidates
from skattn._batch._copies import copies_without, evaluate_copies, removed_by
from skattn.graph._answer_graph import AnswerGraph

# 1 - 0 - 2, and a self-loop of node 0; two nodes that attend to each other
STAR = np.array([[1, 2, 3], [4, 0, 0], [5, 0, 0]])
PAIR = np.array([[0, 6], [7, 0]])


def answers(*, about_graphs=False):
    made = []
    for adjacency in (STAR, PAIR):
        n_nodes, n_edges = len(adjacency), np.count_nonzero(adjacency)
        graph = Graph(
            adjacency,
            np.arange(n_nodes)[:, None] + 10.0 * n_nodes,
            edge_features=np.arange(n_edges)[:, None],
        )
        target = None if about_graphs else 1
        made.append(AnswerGraph(graph, np.arange(n_nodes), target))
    return made


REMOVED = [
    removed_by(np.array([[True, False], [False, True]])),
    removed_by(np.array([[False]])),
]


def test_each_copy_lacks_both_directions_of_the_edges_that_it_does_not_keep():
    candidates = edge_candidates(answers(), directed=False)
    made = copies_without(candidates, REMOVED, has_degree_features=False)
    whole = made.collection.whole
    assert made.collection.node_ptr.tolist() == [0, 3, 6, 8]
    blocks = [
        whole.adjacency[low:high, low:high].toarray().tolist()
        for low, high in [(0, 3), (3, 6), (6, 8)]
    ]
    assert blocks == [
        [[1, 2, 0], [4, 0, 0], [0, 0, 0]],
        [[1, 0, 3], [0, 0, 0], [5, 0, 0]],
        [[0, 0], [0, 0]],
    ]
    assert whole.n_edges == 6
    assert whole.edge_features.ravel().tolist() == [0, 1, 3, 0, 2, 4]
    assert whole.X.ravel().tolist() == [30, 31, 32, 30, 31, 32, 20, 21]
    assert made.targets.tolist() == [1, 4, 7]


def test_copies_of_graphs_are_targets_themselves():
    candidates = edge_candidates(answers(about_graphs=True), directed=False)
    made = copies_without(candidates, REMOVED, has_degree_features=False)
    assert made.targets.tolist() == [0, 1, 2]


def test_degree_features_are_those_of_each_copy():
    candidates = edge_candidates(answers(), directed=False)
    made = copies_without(candidates, REMOVED, has_degree_features=True)
    counts = np.expm1(made.collection.whole.X[:, 1])
    np.testing.assert_allclose(counts, [2, 1, 0, 2, 0, 1, 0, 0], atol=1e-6)


def test_removed_nodes_keep_their_edges():
    candidates = node_candidates(answers()[:1], np.array([-1.0]))
    removed = [removed_by(np.array([[True, False, True], [False, False, True]]))]
    made = copies_without(candidates, removed, has_degree_features=True)
    whole = made.collection.whole
    assert whole.X.ravel().tolist() == [30, -1, 32, -1, -1, 32]
    assert whole.adjacency[3:, 3:].toarray().tolist() == STAR.tolist()
    assert whole.edge_features.ravel().tolist() == [*range(5)] * 2


def test_descriptors_are_those_of_the_graph():
    named = [
        AnswerGraph(each.graph.with_descriptors({"a": k}), each.nodes, None)
        for k, each in enumerate(answers())
    ]
    candidates = edge_candidates(named, directed=False)
    made = copies_without(candidates, REMOVED, has_degree_features=False)
    assert made.collection.descriptors.values.tolist() == [[0], [0], [1]]
    assert made.collection.descriptors.names == ("a",)


@pytest.mark.parametrize("max_size", [1, 8, 12, 16, 1000])
def test_batches_are_bounded_and_their_outputs_come_in_order(max_size):
    candidates = edge_candidates(answers(), directed=False)
    kept = [np.arange(10).reshape(5, 2) % 3 > 0, np.array([[True], [False], [True]])]
    sizes = []

    def sums_of_weights(copies):
        whole, node_ptr = copies.collection.whole, copies.collection.node_ptr
        sizes.append(len(node_ptr) - 1)
        parts = np.split(whole.adjacency.sum(1), node_ptr[1:-1])
        return torch.tensor([[part.sum()] for part in parts])

    found = evaluate_copies(
        candidates, kept, sums_of_weights, has_degree_features=False, max_size=max_size
    )
    expected = [1 + 6 * a + 8 * b for a, b in kept[0]]
    assert found[0].ravel().tolist() == expected
    assert found[1].ravel().tolist() == [13, 0, 13]
    # the star has 8 nodes and edges, the pair 4
    expected_sizes = {
        1: [1] * 8,
        8: [1] * 5 + [2, 1],
        12: [1] * 4 + [2, 2],
        16: [2, 2, 3, 1],
        1000: [8],
    }
    assert sizes == expected_sizes[max_size]


def test_answers_without_copies_have_no_rows():
    candidates = edge_candidates(answers(), directed=False)
    kept = [np.ones((0, 2), bool), np.ones((1, 1), bool)]
    found = evaluate_copies(
        candidates, kept, lambda _: torch.zeros(1, 3), has_degree_features=False
    )
    assert [rows.shape for rows in found] == [(0, 3), (1, 3)]
