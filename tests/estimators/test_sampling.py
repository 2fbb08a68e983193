"""Neighbour sampling: batches of targets of one graph."""

from functools import partial

import numpy as np
import pytest
from scipy import sparse

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionRegressor,
)


@pytest.fixture
def small(small):
    return partial(small, max_epochs=8, hidden_dim=16, n_layers=2)


@pytest.fixture
def large():
    """400 nodes with about 20 senders each; the class is the sign of their mean."""
    rng = np.random.default_rng(0)
    adjacency = sparse.random_array((400, 400), density=0.05, rng=rng)
    adjacency.data[:] = 1
    X = rng.normal(size=(400, 3))
    return Graph(adjacency, X), (adjacency @ X[:, 0] > 0).astype(int)


def test_batches_of_sampled_neighbours_learn_the_labels(small, large):
    graph, y = large
    train, test = np.arange(300), np.arange(300, 400)
    clf = small(batch_size=64, fanout=(10, 5), max_epochs=40, learning_rate=0.01)
    assert clf.fit(graph[train], y[train]).score(graph[test], y[test]) > 0.8


def test_fan_outs_beyond_every_degree_change_nothing(small, large):
    graph, y = large
    params = {"dropout": 0.0, "max_epochs": 4, "norm": "layer", "weight_decay": 0.0}
    params["encoder"] = EncoderConfig(input_dropout=0.0)
    whole = small(**params).fit(graph, y)
    drawn = small(**params, batch_size=400, fanout=(400, 400)).fit(graph, y)
    np.testing.assert_allclose(drawn.loss_curve_, whole.loss_curve_, rtol=1e-4)


def test_the_same_seed_draws_the_same(small, large):
    graph, y = large
    params = {"batch_size": 64, "fanout": (4, 3), "max_epochs": 2}
    one, other = (small(**params).fit(graph, y).predict_proba(graph) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_prediction_and_validation_see_all_neighbours(small, large):
    graph, y = large
    clf = small(fanout=(2, 2), batch_size=100, early_stopping=True)
    clf.fit(graph[:200], y[:200], X_val=graph[200:], y_val=y[200:])
    first = clf.predict_proba(graph)
    np.testing.assert_array_equal(clf.predict_proba(graph), first)
    whole = clf.set_params(fanout=None, batch_size="auto").predict_proba(graph)
    np.testing.assert_array_equal(whole, first)
    assert len(clf.validation_curve_) == clf.n_iter_


def test_numbers_and_embeddings_are_learned_from_samples_too(small, large):
    graph, y = large
    reg = small(GraphAttentionRegressor, fanout=[5, 5], batch_size=100)
    assert np.isfinite(reg.fit(graph, y).predict(graph)).all()
    embedder = small(
        AttentionEmbedder, n_components=8, fanout=(5, 5, 5), batch_size=100
    )
    assert embedder.fit_transform(graph).shape == (400, 8)


def test_a_table_is_sampled_too(small, table):
    X, y = table
    assert small(fanout=(3, 3), batch_size=16).fit(X, y).score(X, y) > 0.5


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"batch_size": 64}, r"needs fanout.*fanout=\(15, 10\)"),
        ({"fanout": (15,)}, "2 positive integers"),
        ({"fanout": (15, 0)}, "2 positive integers"),
        ({"fanout": (15, -1)}, "2 positive integers"),
        ({"fanout": (15, 2.5)}, "2 positive integers"),
        ({"fanout": (15, True)}, "2 positive integers"),
        ({"fanout": (15, 10, 5)}, "2 positive integers"),
        ({"fanout": ()}, "2 positive integers"),
        ({"fanout": 15}, "array-like or None"),
        ({"fanout": (5, 5), "batch_size": 0}, "batch_size.*Got 0"),
        ({"fanout": (5, 5), "batch_size": -1}, "batch_size.*Got -1"),
        (
            {"fanout": (5, 5), "encoder": EncoderConfig(global_attention=True)},
            "needs hops=1.*global_attention=True",
        ),
        ({"fanout": (5, 5), "encoder": EncoderConfig(hops=(1, 2))}, "needs hops=1"),
    ],
    ids=str,
)
def test_invalid_sampling_is_refused(small, large, params, message):
    graph, y = large
    with pytest.raises(ValueError, match=message):
        small(**params).fit(graph, y)


def test_graphs_of_a_list_are_not_sampled(small):
    graphs = [Graph(np.ones((3, 3)), np.ones((3, 1)))] * 4
    with pytest.raises(ValueError, match=r"fanout samples.*one large graph"):
        small(fanout=(5, 5)).fit(graphs, [0, 1, 0, 1])
