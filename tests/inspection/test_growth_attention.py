"""Attention of a generator in the steps in which a graph grows."""

from copy import deepcopy
from math import lgamma

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skattn import AttentionGraphGenerator, Graph, GraphAttentionClassifier
from skattn.inspection import growth_attention
from skattn.preprocessing import MoleculeGraph

FAST = {
    "max_epochs": 2, "hidden_dim": 8, "n_heads": 2, "n_layers": 2, "random_state": 0,
}  # fmt: skip
ORDERS = ["bfs", "dfs", "uniform"]
# a triangle a, b, c with d at c
KITE = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]])


def kite(order=(0, 1, 2, 3), **parts):
    """The kite, its nodes in an order; labels of edges depend on both ends."""
    order = np.array(order)
    adjacency = KITE[np.ix_(order, order)]
    X = pd.DataFrame({"kind": np.array(["x", "y", "x", "z"])[order]})
    rows, columns = np.nonzero(adjacency)
    edge_features = np.where((order[rows] + order[columns]) % 2, 2.0, 0.5)[:, None]
    return Graph(adjacency, X, edge_features=edge_features, **parts)


def path(n):
    return Graph(np.eye(n, k=1) + np.eye(n, k=-1))


@pytest.fixture(scope="module", params=ORDERS)
def fitted(request):
    graphs = [kite(), kite().subgraph([0, 1, 2])] * 4
    generator = AttentionGraphGenerator(order=request.param, **FAST)
    return generator.fit(graphs, ["four", "three"] * 4)


def indifferent(generator):
    """Make every score zero: weights are then 1 / number of senders."""
    with torch.no_grad():
        for name, parameter in generator.net_.module_.named_parameters():
            if ".attention." in name and name.endswith(("attention", "edge_score")):
                parameter.zero_()
    return generator


# ---- probabilities -------------------------------------------------------------------


@pytest.mark.parametrize("y", [None, "four", "three"])
@pytest.mark.parametrize("seed", [None, 1])
def test_steps_sum_to_the_score_of_one_order(fitted, y, seed):
    growth = growth_attention(fitted, kite(), y, random_state=seed)
    (score,) = fitted.score_samples(
        [kite()], None if y is None else [y], n_orders=1, random_state=seed
    )
    log_p = growth.log_p.sum() - growth.log_q - lgamma(5)  # 4! numberings
    assert_allclose(log_p, score, rtol=1e-5)
    assert len(growth) == 5
    assert sorted(growth.order) == [0, 1, 2, 3]


def test_the_condition_changes_probabilities_and_weights(fitted):
    without, given = (growth_attention(fitted, kite(), y) for y in (None, "three"))
    assert_array_equal(without.order, given.order)
    assert not np.allclose(without.log_p, given.log_p)
    assert not np.allclose(without.weights, given.weights)


def test_without_a_seed_the_order_is_always_the_same(fitted):
    first, second = (growth_attention(fitted, kite()) for _ in range(2))
    assert_array_equal(first.weights, second.weights)
    orders = {
        tuple(growth_attention(fitted, kite(), random_state=k).order) for k in range(9)
    }
    assert len(orders) > 1


def test_labels_and_edges_are_rows_of_the_tables_of_fit(fitted):
    growth = growth_attention(fitted, kite())
    n_labels = len(fitted.node_labels_)
    assert growth.labels[-1] == n_labels
    kinds = fitted.node_labels_["kind"].to_numpy()[growth.labels[:-1]]
    assert_array_equal(kinds, kite().X["kind"].to_numpy()[growth.order])
    t = 3
    new = growth.order[t]
    rows = growth.edge_probabilities[t]
    features = {
        int(j): float(f)
        for i, j, f in zip(
            np.repeat(np.arange(4), np.diff(kite().adjacency.indptr)),
            kite().adjacency.indices, kite().edge_features[:, 0], strict=True,
        )
        if i == new
    }  # fmt: skip
    edge_labels = fitted.edge_labels_[:, 0].tolist()
    p = [
        rows[v, edge_labels.index(features[v]) + 1 if v in features else 0]
        for v in range(4)
        if not np.isnan(rows[v, 0])
    ]
    assert_allclose(np.log(p).sum(), growth.log_p_edges[t])


def test_breadth_first_order_closes_the_nodes_before_the_last_parent():
    generator = AttentionGraphGenerator(**FAST).fit([path(4), path(3)] * 3)
    growth = next(
        growth
        for growth in (
            growth_attention(generator, path(4), random_state=k) for k in range(99)
        )
        if growth.order[0] == 3
    )
    assert_array_equal(growth.order, [3, 2, 1, 0])
    closed = np.isnan(growth.edge_probabilities[3, :, 0])
    assert_array_equal(closed, [True, False, False, True])  # itself, and the root
    certain = growth.edge_probabilities[1, 3]
    assert_allclose(certain, [0, 1])  # connected: the only older node is linked


# ---- weights -------------------------------------------------------------------------


def test_weights_of_the_new_node_sum_to_one(fitted):
    growth = growth_attention(fitted, kite())
    assert growth.weights.shape == (5, 2, 2, 5)
    assert_allclose(growth.weights.sum(-1), 1, rtol=1e-5)
    for t in range(5):
        assert (growth.weights[t][..., growth.order[:t]] > 0).all()
        assert not growth.weights[t][..., growth.order[t:]].any()


def test_weights_of_equal_scores_are_shares_of_the_nodes_so_far(fitted):
    growth = growth_attention(indifferent(deepcopy(fitted)), kite(), random_state=3)
    rows, columns = np.nonzero(KITE)
    for t in range(5):
        old = growth.order[:t]
        assert_allclose(growth.weights[t][..., old], 1 / (t + 1), rtol=1e-6)
        is_old = np.isin(rows, old) & np.isin(columns, old)
        degrees = KITE[:, old].sum(1)  # beside itself and the new node
        expected = np.where(is_old, 1 / (degrees[rows] + 2), 0)
        found = growth.edge_weights[t]
        assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-6)


def test_nodes_and_edges_are_those_of_the_given_graph():
    generator = AttentionGraphGenerator(**FAST).fit([kite(), kite()])
    numbering = [2, 0, 3, 1]
    given, other = (
        [growth_attention(generator, g, random_state=k) for k in range(40)]
        for g in (kite(), kite(numbering))
    )
    pairs = [
        (a, b)
        for a in given
        for b in other
        if [numbering[v] for v in b.order] == a.order.tolist()
    ]
    assert pairs
    for a, b in pairs:  # the same order of the same nodes
        assert_allclose(a.log_p, b.log_p, rtol=1e-4)
        assert_allclose(a.weights[..., [*numbering, 4]], b.weights, rtol=1e-4)
        assert_allclose(
            a.edge_probabilities[:, numbering], b.edge_probabilities, rtol=1e-4
        )
        of_a, of_b = np.zeros((2, 4, 4))
        of_a[np.nonzero(KITE)] = a.edge_weights[3, 1, 0]
        renumbered = KITE[np.ix_(numbering, numbering)]
        of_b[np.nonzero(renumbered)] = b.edge_weights[3, 1, 0]
        assert_allclose(of_a[np.ix_(numbering, numbering)], of_b, rtol=1e-4)


def test_means_over_layers_and_heads(fitted):
    growth = growth_attention(fitted, kite())
    nodes, edges = growth.averaged()
    assert_allclose(nodes, growth.weights.mean((1, 2)), rtol=1e-6)
    assert_allclose(edges, growth.edge_weights.mean((1, 2)), rtol=1e-6)
    nodes, _ = growth.averaged(layer=-1)
    assert_allclose(nodes, growth.weights[:, 1].mean(1), rtol=1e-6)
    _, edges = growth.averaged(layer=0, head=1)
    assert_allclose(edges, growth.edge_weights[:, 0, 1])
    with pytest.raises(ValueError, match=r"layer must be an int in -2 \.\. 1, got 2"):
        growth.averaged(layer=2)
    with pytest.raises(ValueError, match=r"head must be an int in -2 \.\. 1"):
        growth.averaged(head="first")


# ---- table ---------------------------------------------------------------------------


def test_table_has_a_row_per_step_and_older_node(fitted):
    named = kite(nodes=["a", "b", "c", "d"])
    growth = growth_attention(fitted, named)
    frame = growth.to_frame(layer=0, head=1)
    assert len(frame) == 0 + 1 + 2 + 3 + 4
    names = np.array(["a", "b", "c", "d"])[growth.order]
    assert frame["new_node"].tolist()[:3] == [names[1], names[2], names[2]]
    assert frame["new_node"][-4:].isna().all()
    assert frame["node"].tolist() == [name for t in range(5) for name in names[:t]]
    assert_allclose(frame["weight"][0], growth.weights[1, 0, 1, growth.order[0]])
    assert frame["is_edge"].sum() == 4
    assert not frame["is_edge"][-4:].any()
    assert frame["edge_probability"][-4:].isna().all()
    t, new = 3, growth.order[3]
    known = frame[frame["step"] == t].set_index("node")["is_edge"]
    letters = dict(zip("abcd", KITE[new], strict=True))
    assert known.to_dict() == {name: bool(letters[name]) for name in names[:t]}


def test_repr_has_the_probability(fitted):
    growth = growth_attention(fitted, kite())
    assert repr(growth).startswith("GrowthAttention(n_steps=5, log_p=-")


# ---- pipelines and searches ----------------------------------------------------------


def test_pipeline_takes_a_row_of_its_input():
    model = make_pipeline(
        MoleculeGraph(derived=False), AttentionGraphGenerator(**FAST)
    ).fit(["CCO", "CC=O", "CC"])
    growth = growth_attention(model, "OCC")
    assert growth.graph.X[:, 0].tolist() == [8, 6, 6]
    assert growth.is_molecule
    alone = growth_attention(model[-1], growth.graph)
    assert_array_equal(alone.weights, growth.weights)
    assert not alone.is_molecule


def test_search_uses_its_best_estimator():
    search = GridSearchCV(AttentionGraphGenerator(**FAST), {"n_layers": [2]}, cv=2)
    search.fit([path(3), path(4)] * 3)
    growth = growth_attention(search, path(3))
    best = growth_attention(search.best_estimator_, path(3))
    assert_array_equal(growth.weights, best.weights)


# ---- errors --------------------------------------------------------------------------


def test_only_a_fitted_generator_is_taken(fitted):
    with pytest.raises(NotFittedError):
        growth_attention(AttentionGraphGenerator(), kite())
    with pytest.raises(TypeError, match="generator must be a fitted AttentionGraphGen"):
        growth_attention(GraphAttentionClassifier(), kite())
    with pytest.raises(TypeError, match="must be one Graph, got list"):
        growth_attention(fitted, [kite()])


def test_graph_must_have_the_columns_and_labels_of_fit(fitted):
    with pytest.raises(ValueError, match="feature"):
        growth_attention(fitted, path(3))
    other = kite().with_features(pd.DataFrame({"kind": ["x", "y", "x", "w"]}))
    with pytest.raises(ValueError, match="labels of fit"):
        growth_attention(fitted, other)
    directed = Graph(np.eye(3, k=1))
    plain = AttentionGraphGenerator(**FAST).fit([path(3), path(4)])
    with pytest.raises(ValueError, match="undirected"):
        growth_attention(plain, directed)


def test_graph_must_be_connected_where_those_of_fit_were():
    apart = Graph(np.zeros((2, 2)))
    linked = AttentionGraphGenerator(**FAST).fit([path(3), path(4)])
    with pytest.raises(ValueError, match="connected if connected_ is True"):
        growth_attention(linked, apart)
    free = AttentionGraphGenerator(**FAST).fit([path(3), apart])
    growth = growth_attention(free, apart)
    (score,) = free.score_samples([apart], n_orders=1)
    assert_allclose(growth.log_p.sum() - growth.log_q - np.log(2), score, rtol=1e-5)


def test_condition_must_be_a_class_of_fit(fitted):
    with pytest.raises(ValueError, match="must hold classes of fit"):
        growth_attention(fitted, kite(), "five")
    plain = AttentionGraphGenerator(**FAST).fit([path(3), path(4)])
    with pytest.raises(ValueError, match="got it in growth_attention alone"):
        growth_attention(plain, path(3), 1.0)
