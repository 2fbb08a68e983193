"""Embeddings of nodes: smoothed codes of norm 1."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import normalize

from skattn import AttentionEmbedder, EncoderConfig, Graph, GraphAttentionClassifier
from skattn._training import feature_mean, predict
from skattn.estimators._input import prepare_targets
from skattn.graph import _field

N = 60
RNG = np.random.default_rng(0)
WEIGHTS = sp.random_array((N, N), density=0.03, rng=RNG, format="csr")
WEIGHTS.setdiag(0.5)
X = RNG.normal(2, 3, size=(N, 3)).astype(np.float32)
WORDS = sp.csr_array((RNG.random((N, 120)) < 0.1).astype(np.float32))
GRAPH = Graph(WEIGHTS, X)
SHORT = {"hidden_dim": 8, "n_components": 8, "n_heads": 2, "max_epochs": 2}


def fitted(X, **params):
    return AttentionEmbedder(**SHORT, random_state=0, **params).fit(X)


@pytest.mark.parametrize("smoothing", [0, 1, 3])
def test_codes_are_averaged_over_neighbours_and_have_norm_one(smoothing):
    embedder = fitted(GRAPH, smoothing=smoothing)
    found = embedder.transform(GRAPH)
    module = embedder.net_.module_
    module.smoothing, module.unit_norm = 0, False
    codes = embedder.transform(GRAPH)
    mean = normalize(WEIGHTS, norm="l1")
    for _ in range(smoothing):
        codes = mean @ codes
    assert_allclose(found, normalize(codes), rtol=1e-4, atol=1e-5)


def test_nodes_are_averaged_twice_by_default():
    embedder = fitted(GRAPH)
    assert embedder.resolved_params_["smoothing"] == 2
    assert_array_equal(
        embedder.transform(GRAPH), fitted(GRAPH, smoothing=2).transform(GRAPH)
    )


@pytest.mark.parametrize("X", [X, [X[:20], X[20:]]], ids=["table", "sequences"])
def test_tables_and_lists_are_not_averaged(X):
    embedder = fitted(X)
    assert embedder.resolved_params_["smoothing"] == 0
    assert not embedder.net_.module_.unit_norm
    assert fitted(X, smoothing=1).transform(X).shape == (len(X), 8)


@pytest.mark.parametrize("smoothing", [0, 1, 3])
@pytest.mark.parametrize("encoder", [{}, {"convolution": "gcn"}, {"hops": 2}], ids=str)
def test_some_nodes_have_the_embedding_of_the_whole_graph(
    smoothing, encoder, monkeypatch
):
    monkeypatch.setattr(_field, "WHOLE_BELOW", 0)
    monkeypatch.setattr(_field, "LARGEST_WORK", 10)
    embedder = fitted(GRAPH, smoothing=smoothing, encoder=EncoderConfig(**encoder))
    expected = predict(embedder.net_, embedder._prepare(GRAPH).source)
    source = prepare_targets(embedder, GRAPH[[5, 7]])
    n_hops = 2 * encoder.get("hops", 1) + smoothing
    assert source.batch.structure.reach[-1] == len(source.batch.x) < N
    assert len(source.batch.structure.reach) == 3 + smoothing
    assert n_hops >= len(source.batch.structure.reach) - 1
    assert_allclose(embedder.transform(GRAPH[[5, 7]]), expected[[5, 7]], atol=1e-6)


@pytest.mark.parametrize("smoothing", ["auto", 3])
def test_a_loaded_embedder_gives_the_same(tmp_path, smoothing):
    embedder = fitted(GRAPH, smoothing=smoothing)
    embedder.save(tmp_path / "model")
    again = AttentionEmbedder.load(tmp_path / "model")
    assert_array_equal(again.transform(GRAPH), embedder.transform(GRAPH))
    assert again.resolved_params_ == embedder.resolved_params_


def test_a_memory_mapped_graph_gives_the_same(tmp_path):
    GRAPH.save(tmp_path / "graph")
    mapped = Graph.load(tmp_path / "graph")
    expected = fitted(GRAPH).transform(GRAPH)
    assert_allclose(fitted(mapped).transform(mapped), expected, atol=1e-6)


def test_sampled_training_embeds_with_all_neighbours():
    embedder = fitted(GRAPH, fanout=(3, 3, 3), batch_size=20)
    found = embedder.transform(GRAPH)
    assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert_allclose(embedder.transform(GRAPH[[9]]), found[[9]], atol=1e-6)


@pytest.mark.parametrize("words", [WORDS, WORDS.toarray()], ids=["sparse", "dense"])
@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_the_unit_of_the_features_does_not_matter(words, unit):
    graph, scaled = Graph(WEIGHTS, words), Graph(WEIGHTS, words * unit)
    expected = fitted(graph).transform(graph)
    assert_allclose(fitted(scaled).transform(scaled), expected, atol=1e-4)


def test_sparse_words_keep_their_proportions():
    graph = Graph(WEIGHTS, WORDS)
    embedder = fitted(graph)
    scaling = embedder._input_spec_.feature_scaling
    norm = np.sqrt(WORDS.sum() / N)
    assert_allclose(scaling.scale, norm)
    assert embedder.resolved_params_["standardize"] == "auto"
    center = embedder.net_.module_.center.numpy()
    assert_allclose(center, WORDS.mean(0) / norm, rtol=1e-5)
    assert fitted(graph, standardize=False)._input_spec_.feature_scaling is None


def test_the_center_is_that_of_the_features_that_are_reconstructed(tmp_path):
    shifted = Graph(WEIGHTS, X + 1)
    shifted.save(tmp_path / "graph")
    mapped = Graph.load(tmp_path / "graph")
    for graph, params in ((shifted, {}), (mapped, {"fanout": (3, 3, 3)})):
        embedder = fitted(graph, **params)
        assert_allclose(embedder.net_.module_.center.numpy(), 0, atol=1e-5)
    raw = fitted(shifted, standardize=False)
    assert_allclose(raw.net_.module_.center, shifted.X.mean(0), rtol=1e-5)
    assert_allclose(feature_mean(raw._prepare(shifted).source), shifted.X.mean(0))


@pytest.mark.parametrize(("n_features", "dropout"), [(50, 0.0), (100, 0.5)])
def test_half_of_many_features_is_dropped(n_features, dropout):
    nodes = sp.eye_array(110, format="csr")  # more than features
    embedder = fitted(
        Graph(nodes, np.random.default_rng(0).normal(size=(110, n_features)))
    )
    assert embedder.resolved_params_["encoder__input_dropout"] == dropout


def test_a_classifier_starts_from_the_encoder_alone():
    embedder = fitted(GRAPH)
    shape = {"n_layers": 2, "hidden_dim": 8, "n_heads": 2}
    still = {"max_epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
    model = GraphAttentionClassifier(**shape, **still, pretrained=embedder)
    model.fit(GRAPH, np.arange(N) % 3)
    found = model.net_.module_.encoder.state_dict()
    for name, weight in embedder.net_.module_.encoder_state().items():
        assert_allclose(found[name], weight, atol=1e-6)
    spec = model.net_.objective.spec
    assert (spec.block.residual, spec.block.norm) == (False, None)
    assert model._input_spec_.feature_scaling == embedder._input_spec_.feature_scaling


@pytest.mark.parametrize("smoothing", [-1, 101, 1.5, "twice"])
def test_an_invalid_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="'smoothing' parameter"):
        fitted(GRAPH, smoothing=smoothing)
