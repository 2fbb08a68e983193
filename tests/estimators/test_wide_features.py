"""Features that outnumber the examples come in with caution."""

import numpy as np
import pytest

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)


def design(X, y, *, dropout=0.4, **params):
    clf = GraphAttentionClassifier(max_epochs=1, dropout=dropout, **params).fit(X, y)
    spec = clf.net_.objective.spec
    return spec.input_dropout, spec.block.residual_start


@pytest.mark.parametrize(
    ("n_features", "expected"), [(20, (0.0, 1.0)), (21, (0.4, 0.1))]
)
def test_more_features_than_answers_are_dropped_and_start_small(n_features, expected):
    X = np.random.default_rng(0).normal(size=(20, n_features))
    assert design(X, np.arange(20) % 2) == expected


def test_rows_without_an_answer_are_no_examples():
    X = np.random.default_rng(0).normal(size=(40, 21))
    y = np.where(np.arange(40) < 20, np.arange(40) % 2, -1)
    assert design(X, y, unlabeled=-1) == (0.4, 0.1)


def test_a_graph_makes_up_for_what_its_nodes_lose():
    rng = np.random.default_rng(0)
    y = np.arange(20) % 2
    wide = rng.normal(size=(20, 21))
    graph = Graph(rng.random((20, 20)) < 0.2, wide)
    narrow = graph.with_features(wide[:, :20])
    assert design(graph, y, dropout="auto")[0] == 0.9
    assert design(graph[:10], y[:10], dropout="auto")[0] == 0.9
    assert design(narrow, y, dropout="auto")[0] == 0.0
    assert design(wide, y, dropout="auto")[0] == 0.5
    assert design(wide[:, :20], y, dropout="auto")[0] == 0.1
    assert design(wide[:, :20], y, dropout=0.4)[0] == 0.0
    regressor = GraphAttentionRegressor(max_epochs=1).fit(wide[:, :20], y)
    assert regressor.net_.objective.spec.input_dropout == 0.0
    assert design([graph] * 20, y, dropout="auto")[0] == 0.5
    assert design(graph, y, dropout=0.4)[0] == 0.4
    assert (
        design(graph, y, dropout="auto", encoder=EncoderConfig(input_dropout=0.1))[0]
        == 0.1
    )


def test_the_recipe_has_the_last_word():
    X = np.random.default_rng(0).normal(size=(20, 3))
    assert (
        design(X, np.arange(20) % 2, encoder=EncoderConfig(input_dropout=0.1))[0] == 0.1
    )


def test_every_node_is_an_example_to_the_embedder():
    X = np.random.default_rng(0).normal(size=(20, 20))
    embedder = AttentionEmbedder(max_epochs=1).fit(X)
    assert embedder.net_.objective.spec.block.residual_start == 1.0


def test_dropout_is_strong_where_the_graph_says_nothing_new():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), np.arange(20) % 2
    graph = Graph(rng.random((20, 20)) < 0.2, X)
    wide = rng.normal(size=(20, 21))
    for cls, rows, expected in [
        (GraphAttentionClassifier, X, 0.4),
        (GraphAttentionRegressor, X, 0.5),
        (AttentionEmbedder, X, 0.5),
        (GraphAttentionClassifier, wide, 0.5),
        (GraphAttentionClassifier, graph, 0.2),
        (GraphAttentionRegressor, graph, 0.2),
        (GraphAttentionClassifier, graph.with_features(wide), 0.5),
    ]:
        model = cls(max_epochs=1).fit(rows, y)
        assert model.net_.objective.spec.block.dropout == expected
