"""Contexts of growing graphs."""

import numpy as np
import pytest
import torch

from skattn._batch import (
    GrowthColumns,
    all_steps,
    drawn_steps,
    last_steps,
    make_contexts,
)

PATH = [[0, 1, 0, 0], [1, 0, 2, 0], [0, 2, 0, 1], [0, 0, 1, 0]]
FORK = [[0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
KITE = [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]

COLUMNS = GrowthColumns(n_labels=1, n_edge_labels=2)


def test_steps_are_one_per_node_and_the_end(labelled):
    graphs = labelled(PATH, [[0]])
    assert all_steps(graphs).tolist() == [
        [0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [1, 0], [1, 1],
    ]  # fmt: skip
    assert last_steps(graphs).tolist() == [[0, 4], [1, 1]]


def test_drawn_steps_stand_for_all(labelled):
    graphs = labelled(PATH, [[0]])
    chosen = np.zeros(7)
    for seed in range(500):
        steps, weight = drawn_steps(graphs, 2, seed)
        assert steps[:, 0].tolist() == [0, 0, 1, 1]
        assert weight.tolist() == [2.5, 2.5, 1.0, 1.0]
        np.add.at(chosen, 5 * steps[:, 0] + steps[:, 1], weight)
    np.testing.assert_allclose(chosen / 500, 1, atol=0.25)


def candidates_of(graphs, order, t):
    """Candidates of step t and their labels, by position."""
    batch = make_contexts(graphs, np.array([[0, t]]), COLUMNS, order=order)
    return list(
        zip(batch.steps.candidates.tolist(), batch.steps.edge.tolist(), strict=True)
    )


def test_breadth_first_candidates_begin_at_the_parent_of_the_last_node(labelled):
    path = labelled(PATH)
    assert candidates_of(path, "bfs", 0) == []
    assert candidates_of(path, "bfs", 1) == [(0, 1)]
    assert candidates_of(path, "bfs", 2) == [(0, 0), (1, 2)]
    assert candidates_of(path, "bfs", 3) == [(1, 0), (2, 1)]
    assert candidates_of(path, "uniform", 3) == [(0, 0), (1, 0), (2, 1)]


def test_depth_first_candidates_are_the_path_from_the_root(labelled):
    fork = labelled(FORK)  # node 1 is complete when node 2 is added to the root
    assert candidates_of(fork, "dfs", 2) == [(0, 1), (1, 0)]
    assert candidates_of(fork, "dfs", 3) == [(0, 1), (2, 0)]


def test_candidates_after_a_new_root_are_its_own(labelled):
    apart = labelled([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    for order in ("bfs", "dfs"):
        assert candidates_of(apart, order, 2) == [(0, 0), (1, 0)]
        assert candidates_of(apart, order, 3) == [(2, 1)]


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
def test_every_edge_of_an_ordered_graph_is_to_a_candidate(labelled, order):
    rng = np.random.default_rng(0)
    upper = [np.triu(rng.random((9, 9)) < 0.25, 1) for _ in range(30)]
    graphs = labelled(*[(a | a.T).astype(int) for a in upper])
    ordered = graphs.ordered(order, 5).graphs
    batch = make_contexts(ordered, all_steps(ordered), COLUMNS, order=order)
    n_edges = sum(a.sum() for a in upper)
    assert int((batch.steps.edge > 0).sum()) == n_edges


def test_context_has_the_columns_of_its_nodes(labelled):
    kite = labelled(KITE)
    condition = np.array([[7.0]], np.float32)
    columns = GrowthColumns(n_labels=1, n_edge_labels=1, n_conditions=1)
    batch = make_contexts(
        kite, np.array([[0, 3]]), columns, order="bfs", conditions=condition
    )
    log = np.log1p
    np.testing.assert_allclose(
        batch.x,
        [  # label, new, degree / 2, age, size, candidate, condition
            [1, 0, 1, log(3), log(3), 1, 7],
            [1, 0, 1, log(2), log(3), 1, 7],
            [1, 0, 1, log(1), log(3), 1, 7],
            [0, 1, 0, 0, log(3), 0, 7],
        ],
        rtol=1e-6,
    )
    assert batch.steps.new.tolist() == [3]
    assert batch.steps.label.tolist() == [0]
    dense = torch.zeros(4, 4, dtype=torch.int64)
    edges, features = batch.structure.edges, batch.structure.edge_data.features
    dense[edges.receivers.long(), edges.senders.long()] = features.argmax(1) + 1
    assert dense.tolist() == [  # edge, self-loop, new to old, old to new
        [2, 1, 1, 3],
        [1, 2, 1, 3],
        [1, 1, 2, 3],
        [4, 4, 4, 2],
    ]


def test_large_degrees_are_logarithmic(labelled):
    star = np.zeros((14, 14), int)
    star[0, 1:] = star[1:, 0] = 1
    columns = GrowthColumns(1, 1)
    batch = make_contexts(labelled(star), np.array([[0, 13]]), columns, order="bfs")
    assert float(batch.x[0, 2]) == pytest.approx(2 + 2 * np.log(12 / 4))


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
def test_context_does_not_show_whether_the_graph_ends(labelled, order):
    whole = labelled(KITE)
    step = np.array([[0, 3]])
    kite = make_contexts(whole, step, COLUMNS, order=order)
    triangle = labelled([row[:3] for row in KITE[:3]])
    ended = make_contexts(triangle, step, COLUMNS, order=order)
    growing = make_contexts(triangle, step, COLUMNS, order=order, ends_open=True)
    for other in (ended, growing):
        assert torch.equal(other.x, kite.x)
        assert torch.equal(
            other.structure.edge_data.features, kite.structure.edge_data.features
        )
    assert ended.steps.label.tolist() == [1]
    assert len(ended.steps.candidates) == 0
    assert torch.equal(growing.steps.candidates, kite.steps.candidates)


def test_steps_are_taken_with_their_rows(labelled):
    graphs = labelled(PATH, KITE)
    batch = make_contexts(graphs, last_steps(graphs), COLUMNS, order="uniform",
                          ends_open=True)  # fmt: skip
    taken = batch.steps.take(torch.tensor([1]), torch.tensor([0]))
    assert taken.new.tolist() == [9]
    assert taken.candidates.tolist() == [5, 6, 7, 8]
    assert taken.row_ptr.tolist() == [0, 4]
    assert taken.owners.tolist() == [0] * 4
