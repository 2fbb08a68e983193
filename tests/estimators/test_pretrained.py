"""Classifiers and regressors initialised from a fitted embedder."""

import numpy as np
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)

SHAPE = {"n_layers": 2, "n_heads": 2, "hidden_dim": 8, "random_state": 0}
STILL = {"max_epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0}


@pytest.fixture
def graphs():
    rng = np.random.default_rng(0)
    return [Graph(np.ones((n, n)), rng.normal(size=(n, 3))) for n in range(2, 14)]


@pytest.fixture
def embedder(graphs):
    return AttentionEmbedder(**SHAPE, n_components=8, max_epochs=3).fit(graphs)


@pytest.mark.parametrize("cls", [GraphAttentionClassifier, GraphAttentionRegressor])
@pytest.mark.parametrize("wrap", [lambda embedder: embedder, FrozenEstimator])
def test_training_starts_from_the_embedders_weights(graphs, embedder, cls, wrap):
    model = cls(**SHAPE, **STILL, pretrained=wrap(embedder)).fit(graphs, [0, 1] * 6)
    found = model.net_.module_.encoder.state_dict()
    expected = embedder.net_.module_.encoder_state()
    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, atol=1e-6, rtol=1e-6)
    fresh = cls(**SHAPE, **STILL).fit(graphs, [0, 1] * 6)
    other = fresh.net_.module_.encoder.state_dict()
    assert not all(torch.allclose(found[name], other[name]) for name in found)


def test_the_embedder_is_not_changed_by_models_that_start_from_it(graphs, embedder):
    before = embedder.transform(graphs)
    GraphAttentionClassifier(**SHAPE, max_epochs=5, pretrained=embedder).fit(
        graphs, [0, 1] * 6
    )
    np.testing.assert_array_equal(embedder.transform(graphs), before)


def test_nodes_of_one_graph_start_from_an_embedder_too(graphs):
    graph = graphs[-1]
    embedder = AttentionEmbedder(**SHAPE, n_components=8, max_epochs=3).fit(graph)
    model = GraphAttentionClassifier(**SHAPE, max_epochs=3, pretrained=embedder)
    assert model.fit(graph, np.arange(13) % 2).n_iter_ == 3


def test_a_frozen_embedder_survives_a_cross_validation(graphs, embedder):
    model = GraphAttentionClassifier(
        **SHAPE, max_epochs=2, pretrained=FrozenEstimator(embedder)
    )
    scores = cross_val_score(model, graphs, [0, 1] * 6, cv=2, error_score="raise")
    assert scores.shape == (2,)
    thawed = model.set_params(pretrained=embedder)
    with pytest.raises(
        ValueError, match=r"must be a fitted.*FrozenEstimator\(embedder"
    ):
        cross_val_score(thawed, graphs, [0, 1] * 6, cv=2, error_score="raise")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_layers": 1}, "n_layers is 1 and not 2"),
        ({"hidden_dim": 16}, "hidden_dim is 16 and not 8"),
        ({"attention": "dot"}, "attention is 'dot' and not 'gatv2'"),
        ({"encoder": EncoderConfig(jumping="concat")}, "encoder__jumping is 'concat'"),
    ],
)
def test_different_encoder_parameters_are_refused_and_named(
    graphs, embedder, params, message
):
    model = GraphAttentionClassifier(**(SHAPE | params), pretrained=embedder)
    with pytest.raises(ValueError, match=message):
        model.fit(graphs, [0, 1] * 6)


def test_other_features_are_refused(graphs, embedder):
    wide = [graph.with_features(np.hstack([graph.X, graph.X])) for graph in graphs]
    model = GraphAttentionClassifier(**SHAPE, pretrained=embedder)
    with pytest.raises(ValueError, match="n_features is 6 and not 3"):
        model.fit(wide, [0, 1] * 6)


def test_other_estimators_are_refused(graphs):
    model = GraphAttentionClassifier(**SHAPE, pretrained=StandardScaler())
    with pytest.raises(TypeError, match="AttentionEmbedder, got StandardScaler"):
        model.fit(graphs, [0, 1] * 6)


def test_a_saved_model_does_not_need_the_embedder(graphs, embedder, tmp_path):
    model = GraphAttentionClassifier(**SHAPE, max_epochs=2, pretrained=embedder)
    expected = model.fit(graphs, [0, 1] * 6).predict_proba(graphs)
    model.save(tmp_path / "model")
    again = GraphAttentionClassifier.load(tmp_path / "model")
    assert again.pretrained is None
    np.testing.assert_array_equal(again.predict_proba(graphs), expected)
