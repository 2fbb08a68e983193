"""Labelled graphs, and the laws of the orders of their nodes."""

import numpy as np
import pytest

from skattn._batch import LabelledGraphs

PATH = [[0, 1, 0, 0], [1, 0, 2, 0], [0, 2, 0, 1], [0, 0, 1, 0]]
FORK = [[0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
PAIR_AND_LONER = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
KITE = [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]


def matrix(graphs, g=0):
    """Matrix of edge labels of one graph."""
    ptr, indptr, indices = graphs.structure
    n, first = graphs.sizes[g], ptr[g]
    found = np.zeros((n, n), int)
    for k in range(n):
        edges = slice(indptr[first + k], indptr[first + k + 1])
        found[k, indices[edges]] = graphs.edge_labels[edges]
    return found


def law(graphs, order, n_seeds=600):
    """Probability of each order that was drawn."""
    found = {}
    for seed in range(n_seeds):
        drawn = graphs.ordered(order, seed)
        found[tuple(drawn.nodes.tolist())] = float(np.exp(drawn.log_q[0]))
    return found


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
@pytest.mark.parametrize("edges", [PATH, FORK, PAIR_AND_LONER, KITE])
def test_probabilities_of_the_orders_sum_to_one(labelled, order, edges):
    assert sum(law(labelled(edges), order).values()) == pytest.approx(1)


def test_breadth_first_orders_of_a_path_have_a_hand_computed_law(labelled):
    assert law(labelled(PATH), "bfs") == pytest.approx(
        {
            (0, 1, 2, 3): 1 / 4,
            (3, 2, 1, 0): 1 / 4,
            (1, 0, 2, 3): 1 / 8,
            (1, 2, 0, 3): 1 / 8,
            (2, 1, 3, 0): 1 / 8,
            (2, 3, 1, 0): 1 / 8,
        }
    )


def test_depth_first_orders_end_a_branch_before_the_next(labelled):
    assert law(labelled(PATH), "dfs") == pytest.approx(
        {
            (0, 1, 2, 3): 1 / 4,
            (3, 2, 1, 0): 1 / 4,
            (1, 0, 2, 3): 1 / 8,
            (1, 2, 3, 0): 1 / 8,
            (2, 1, 0, 3): 1 / 8,
            (2, 3, 1, 0): 1 / 8,
        }
    )


def test_uniform_orders_are_all_permutations(labelled):
    found = law(labelled(PAIR_AND_LONER), "uniform")
    assert len(found) == 6
    assert list(found.values()) == pytest.approx([1 / 6] * 6)


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
def test_orders_are_drawn_as_often_as_their_probability(labelled, order):
    graphs = labelled(*[KITE] * 4000)
    drawn = graphs.ordered(order, 3)
    orders, counts = np.unique(drawn.nodes.reshape(-1, 4), axis=0, return_counts=True)
    expected = law(labelled(KITE), order)
    assert len(orders) == len(expected)
    for nodes, count in zip(orders.tolist(), counts, strict=True):
        p = expected[tuple(nodes)]
        assert abs(count / 4000 - p) < 5 * np.sqrt(p / 4000)


def test_ordered_graphs_are_renumbered_with_their_labels(labelled):
    graphs = labelled(KITE, PATH, node_labels=[0, 1, 2, 3, 4, 5, 6, 7])
    drawn = graphs.ordered("bfs", 1)
    for g, (edges, first) in enumerate([(KITE, 0), (PATH, 4)]):
        nodes = drawn.nodes[first : first + 4]
        assert (matrix(drawn.graphs, g) == np.array(edges)[np.ix_(nodes, nodes)]).all()
        assert (drawn.graphs.node_labels[first : first + 4] == nodes + first).all()


def test_graphs_are_taken_in_any_order_and_repeatedly(labelled):
    graphs = labelled(PATH, PAIR_AND_LONER, node_labels=np.arange(7))
    taken = graphs.take(np.array([1, 0, 1]))
    assert [matrix(taken, g).tolist() for g in range(3)] == [
        PAIR_AND_LONER,
        PATH,
        PAIR_AND_LONER,
    ]
    assert taken.node_labels.tolist() == [4, 5, 6, 0, 1, 2, 3, 4, 5, 6]
    assert len(graphs.take(np.zeros(0, np.int64))) == 0


def test_union_has_the_graphs_of_all_parts(labelled):
    union = LabelledGraphs.union([labelled(PATH), labelled(FORK, PAIR_AND_LONER)])
    found = [matrix(union, g).tolist() for g in range(3)]
    assert found == [PATH, FORK, PAIR_AND_LONER]


def test_nodes_are_added_with_their_edges():
    graphs = LabelledGraphs.empty(2)
    none = np.zeros(0, np.int64)
    graphs = graphs.with_nodes(np.array([3, 4]), np.zeros(3, np.int64), none, none)
    assert graphs.node_labels.tolist() == [3, 4]
    rows = np.array([0, 1, 2])
    graphs = graphs.with_nodes(np.array([5, 6]), rows, np.zeros(2, np.int64), rows[:2])
    assert matrix(graphs, 0).tolist() == [[0, 0], [0, 0]]  # the label 0 is no edge
    assert matrix(graphs, 1).tolist() == [[0, 1], [1, 0]]
    assert graphs.node_labels.tolist() == [3, 5, 4, 6]
    rows, candidates = np.array([0, 0, 2]), np.array([0, 1])
    graphs = graphs.with_nodes(np.array([7, 8]), rows, candidates, np.array([0, 2]))
    assert matrix(graphs, 1).tolist() == [[0, 1, 0], [1, 0, 2], [0, 2, 0]]
    assert graphs.sizes.tolist() == [3, 3]
