"""Training on a graph with reordered nodes."""

from functools import partial

import numpy as np
import pytest
from scipy import sparse

from skattn import AttentionEmbedder, EncoderConfig, Graph
from skattn._batch import _collate
from skattn.inspection import attention_weights


@pytest.fixture
def shuffled():
    """300 shuffled nodes that attend to three on either side; classes by position."""
    rng = np.random.default_rng(0)
    names = rng.permutation(300)
    senders = np.concatenate([np.roll(names, k) for k in range(-3, 4)])
    adjacency = sparse.coo_array((np.ones(2100), (np.tile(names, 7), senders)))
    y = np.empty(300, int)
    y[names] = np.arange(300) // 100
    return Graph(adjacency, rng.normal(size=(300, 3)) + y[:, None]), y


@pytest.fixture
def both_ways(monkeypatch):
    """Return a function that calls another with and without reordering."""

    def call(work):
        plain = work()
        monkeypatch.setattr("skattn.graph._order.MIN_NODES", 0)
        monkeypatch.setattr("skattn.graph._order.SAMPLE_NODES", 16)
        return work(), plain

    return call


@pytest.fixture
def small(small):
    return partial(small, max_epochs=5, hidden_dim=16, dropout=0.0, norm="layer")


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.fixture
def orders(monkeypatch):
    """Orders in which batches were reordered."""
    taken, in_order = [], _collate.in_order

    def watched(batch, order):
        taken.append(order)
        return in_order(batch, order)

    monkeypatch.setattr(_collate, "in_order", watched)
    return taken


def test_losses_predictions_and_attention_are_in_the_users_order(
    small, shuffled, both_ways, orders
):
    graph, y = shuffled
    train, test, rest = np.split(np.random.default_rng(1).permutation(300), [150, 200])

    def work():
        encoder = EncoderConfig(input_dropout=0.0)
        clf = small(class_weight="balanced", encoder=encoder).fit(
            graph[train], y[train], X_val=graph[test], y_val=y[test]
        )
        return clf, clf.predict_proba(graph[rest]), attention_weights(clf, graph)

    (ordered, one, looks), (plain, other, plain_looks) = both_ways(work)
    assert len(orders) == 1
    close(ordered.loss_curve_, plain.loss_curve_)
    close(ordered.validation_curve_, plain.validation_curve_)
    close(one, other)
    for layer, plain_layer in zip(looks, plain_looks, strict=True):
        for head, plain_head in zip(layer, plain_layer, strict=True):
            close(head.toarray(), plain_head.toarray())


def test_positional_encodings_and_hops_are_reordered(
    small, shuffled, both_ways, orders
):
    graph, y = shuffled
    config = EncoderConfig(hops=(1, 2), positional="random_walk", convolution="gcn")

    def work():
        return small(encoder=config, n_heads=4).fit(graph, y).predict_proba(graph)

    close(*both_ways(work))
    assert len(orders) == 1


def test_embeddings_are_in_the_users_order(small, shuffled, orders, monkeypatch):
    monkeypatch.setattr("skattn.graph._order.MIN_NODES", 0)
    monkeypatch.setattr("skattn.graph._order.SAMPLE_NODES", 16)
    graph, _ = shuffled
    embedder = small(AttentionEmbedder, n_components=4).fit(graph)
    assert len(orders) == 1
    one, whole = embedder.transform(graph[[7]]), embedder.transform(graph)
    close(one[0], whole[7])


def test_sampled_training_draws_the_same_neighbours(small, shuffled, both_ways, orders):
    graph, y = shuffled

    def work():
        clf = small(batch_size=64, fanout=(3, 2), n_layers=2)
        return clf.fit(graph[:200], y[:200]).predict_proba(graph)

    np.testing.assert_array_equal(*both_ways(work))
    assert orders == []


def test_reordering_does_not_change_a_fit_on_a_table(small, both_ways, orders):
    X = np.random.default_rng(2).uniform(size=(300, 1))
    y = (X[:, 0] > 0.5).astype(int)

    def work():
        clf = small(early_stopping=0.2, encoder=EncoderConfig(input_dropout=0.0))
        clf.fit(X[:250], y[:250])
        return clf.predict_proba(X)

    close(*both_ways(work))
    assert len(orders) == 1
