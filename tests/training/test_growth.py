"""Objective, batches, scores and samples of growing graphs."""

from itertools import permutations
from math import factorial

import numpy as np
import pytest
import torch

from skattn._batch import LabelledGraphs, Structure
from skattn._training import (
    Grower,
    Growth,
    GrowthBatches,
    draw_starts,
    log_p_bound,
)
from skattn._training._growth_scores import ordered_log_p
from skattn.nn import GrowthSpec

CPU = torch.device("cpu")
NO_CONDITIONS = np.zeros((99, 0), np.float32)


def graph(edges, node_labels):
    """One graph of a matrix of edge labels."""
    edges = np.array(edges)
    rows, columns = np.nonzero(edges)
    ptr = np.concatenate([[0], np.cumsum((edges > 0).sum(1))])
    structure = Structure(np.array([0, len(edges)]), ptr, columns.astype(np.int32))
    labels = edges[rows, columns].astype(np.int64)
    return LabelledGraphs(structure, np.array(node_labels), labels)


PAIR = graph([[0, 2], [2, 0]], [0, 1])
CHAIN = graph([[0, 1, 0], [1, 0, 2], [0, 2, 0]], [1, 0, 0])
TRIANGLE = graph([[0, 1, 1], [1, 0, 2], [1, 2, 0]], [0, 0, 1])
APART = graph([[0, 1, 0], [1, 0, 0], [0, 0, 0]], [0, 0, 0])


def small(order="bfs", *, must_link=False, n_conditions=0):
    spec = GrowthSpec(
        n_labels=2, n_edge_labels=2, hidden_dim=8, n_heads=2, n_layers=1,
        must_link=must_link, n_conditions=n_conditions,
    )  # fmt: skip
    objective = Growth(spec, order)
    module = objective.module(spec.n_features)
    module.reset_parameters(torch.Generator().manual_seed(1))
    return objective, module.eval()


def exact_p(objective, module, graphs):
    """Probability of a numbered graph: the sum over all orders that can be drawn."""
    found = {}
    for seed in range(150):
        drawn = graphs.ordered(objective.order, seed)
        log_p = ordered_log_p(objective, module, drawn.graphs, NO_CONDITIONS, CPU)
        found[tuple(drawn.nodes)] = np.exp(log_p[0]), np.exp(drawn.log_q[0])
    p, q = np.array(list(found.values())).T
    assert q.sum() == pytest.approx(1)
    return p.sum() / factorial(len(drawn.nodes))


def canonical(graphs):
    """Smallest form of a graph of at most 3 nodes over all numberings."""
    n, found = graphs.sizes[0], []
    ptr, indices = graphs.structure.indptr, graphs.structure.indices
    edges = np.zeros((n, n), int)
    edges[np.repeat(np.arange(n), np.diff(ptr)), indices] = graphs.edge_labels
    numberings = set()
    for order in permutations(range(n)):
        order = list(order)
        text = graphs.node_labels[order].tolist(), edges[np.ix_(order, order)].tolist()
        numberings.add(str(text))
        found.append(str(text))
    return min(found), len(numberings)


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
@pytest.mark.parametrize("must_link", [False, True])
def test_graphs_are_drawn_with_the_probability_that_they_are_scored(order, must_link):
    objective, module = small(order, must_link=must_link and order != "uniform")
    grower = Grower(objective, module, CPU, 4, 1.0)
    n = 2500
    starts, conditions = LabelledGraphs.empty(n), np.zeros((n, 0), np.float32)
    grown = grower.grow(starts, conditions, torch.Generator().manual_seed(2))
    drawn = [canonical(g)[0] for g in grown.graphs if g.sizes[0] <= 3]
    for graphs in (PAIR, CHAIN, TRIANGLE, APART):
        if graphs is APART and objective.spec.must_link:
            continue
        key, n_numberings = canonical(graphs)
        p = n_numberings * exact_p(objective, module, graphs)
        assert abs(drawn.count(key) / n - p) < 5 * np.sqrt(p / n) + 1e-4
        assert drawn.count(key)


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
def test_bound_is_below_the_probability_and_tighter_with_more_orders(order):
    objective, module = small(order)
    exact = np.log(exact_p(objective, module, CHAIN))

    many, conditions = CHAIN.take(np.zeros(500, np.int64)), np.zeros((500, 0))

    def mean_bound(n_orders):
        seeds = list(range(n_orders))
        return log_p_bound(objective, module, many, conditions, CPU, seeds=seeds).mean()

    assert mean_bound(1) < mean_bound(4) < exact + 0.05
    assert mean_bound(12) == pytest.approx(exact, abs=0.1)


def test_no_edge_is_drawn_that_the_model_must_not_leave_out():
    objective, module = small(must_link=True)
    grower = Grower(objective, module, CPU, 12, 1.0)
    grown = grower.grow(
        LabelledGraphs.empty(99), NO_CONDITIONS, torch.Generator().manual_seed(0)
    )
    for g in grown.graphs:
        has_edge = np.diff(g.structure.indptr) > 0
        assert has_edge.all() or g.sizes[0] == 1


def test_large_graphs_are_scored_in_parts(monkeypatch):
    objective, module = small()
    whole = ordered_log_p(objective, module, CHAIN, NO_CONDITIONS, CPU)
    monkeypatch.setattr("skattn._training._growth_scores.MAX_NODES", 3)
    in_parts = ordered_log_p(objective, module, CHAIN, NO_CONDITIONS, CPU)
    np.testing.assert_allclose(in_parts, whole, rtol=1e-6)


def test_loss_is_minus_the_log_probability_of_graph_and_order():
    objective, module = small()
    source = GrowthBatches(CHAIN, NO_CONDITIONS[:1], objective, 1, 32)
    (batch, _), *_ = source.epoch(None)
    loss, score, _ = objective.validate(module, batch, None)
    assert loss.item() == -score.item()
    orders = [CHAIN.ordered("bfs", seed).graphs for seed in range(50)]
    values = [
        -ordered_log_p(objective, module, g, NO_CONDITIONS, CPU)[0] for g in orders
    ]
    assert np.abs(np.array(values) - loss.item()).min() < 1e-5


def test_drawn_steps_have_the_loss_of_all_on_average():
    objective, module = small()
    graphs = TRIANGLE.take(np.zeros(2000, np.int64))
    conditions = np.zeros((2000, 0), np.float32)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for n_steps in (32, 2):
        source = GrowthBatches(graphs, conditions, objective, 2000, n_steps)
        batch = source.make(np.arange(2000), generator)
        losses.append(objective.loss(module, batch, None, None)[0].item())
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_validation_has_the_same_orders_in_every_epoch():
    objective, _ = small()
    graphs = TRIANGLE.take(np.zeros(9, np.int64))
    source = GrowthBatches(graphs, NO_CONDITIONS[:9], objective, 4, 32)
    first, again = ([b.x for b, _ in source.epoch(None)] for _ in range(2))
    assert all(map(torch.equal, first, again))
    drawn = source.make(np.arange(4), torch.Generator().manual_seed(0))
    assert not torch.equal(drawn.x, first[0])


def test_conditions_are_hidden_in_a_tenth_of_the_training_graphs():
    objective, _ = small(n_conditions=1)
    graphs = PAIR.take(np.zeros(3000, np.int64))
    source = GrowthBatches(graphs, np.ones((3000, 1), np.float32), objective, 3000, 32)
    training = source.make(np.arange(3000), torch.Generator().manual_seed(0))
    shown = training.x[training.steps.new[::3], -1]
    assert 0.85 < shown.mean() < 0.95
    (validation, _), *_ = source.epoch(None)
    assert validation.x[:, -1].min() == 1


def test_sizes_of_a_source_are_those_of_its_batches():
    objective, _ = small()
    graphs = TRIANGLE.take(np.zeros(8, np.int64))
    source = GrowthBatches(graphs, NO_CONDITIONS[:8], objective, 8, 32)
    batch = source.whole
    assert source.size.rows == len(batch.x) == 80
    assert source.size.edges == pytest.approx(batch.structure.edges.n_edges, rel=0.3)


def test_order_of_a_start_is_drawn_by_its_probability():
    objective, module = small("dfs")
    many, conditions = CHAIN.take(np.zeros(300, np.int64)), np.zeros((300, 0))
    rng = np.random.RandomState(0)
    starts, nodes = draw_starts(objective, module, many, conditions, CPU, rng)
    p = {}
    for seed in range(60):
        drawn = CHAIN.ordered("dfs", seed)
        log_p = ordered_log_p(
            objective, module, drawn.graphs, NO_CONDITIONS, CPU, with_end=False
        )
        p[tuple(drawn.nodes)] = float(np.exp(log_p[0]))
    chosen = [tuple(row) for row in nodes.reshape(-1, 3)]
    for order, value in p.items():
        share = value / sum(p.values())
        assert abs(chosen.count(order) / 300 - share) < 5 * np.sqrt(share / 300)
    first = CHAIN.node_labels[nodes[:3]]
    assert starts.node_labels[:3].tolist() == first.tolist()


def test_parts_of_a_training_batch_have_its_loss_in_total():
    objective, module = small()
    graphs = TRIANGLE.take(np.zeros(9, np.int64))
    source = GrowthBatches(graphs, NO_CONDITIONS[:9], objective, 9, 32, n_parts=3)
    (parts, _), *_ = source.epoch(torch.Generator().manual_seed(0))
    assert len(parts) == 9
    losses = parts.map(lambda *batch: objective.loss(module, *batch)[0].item())
    sums = parts.map(lambda b, _, __: -objective.outputs(module, b).sum().item())
    assert len(losses) == 3
    assert sum(losses) == pytest.approx(sum(sums) / 9)
