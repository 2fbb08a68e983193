"""Results do not depend on torch's global state, which stays as it is."""

import pickle
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import attention_weights, readout_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 3)).astype(np.float32)
Y = np.arange(24) % 2
RING = np.roll(np.eye(24), 1, axis=0)
GRAPH = Graph(RING + RING.T, X)
EDGE_FEATURES = Graph(
    GRAPH.adjacency, X, edge_features=RNG.normal(size=(GRAPH.n_edges, 2))
)
GRAPHS = [Graph(np.eye(3) + np.eye(3, k=1), X[k : k + 3]) for k in range(12)]


@contextmanager
def float64_by_default():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def device_by_default():
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


STATES = {
    "dtype": float64_by_default,
    "device": device_by_default,
    "deterministic": deterministic,
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}


def state():
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_rng_state().tolist(),
    )


@pytest.fixture(params=STATES)
def unusual(request):
    """Another global state of torch, which must be the same afterwards."""

    @contextmanager
    def context():
        with STATES[request.param]():
            before = state()
            yield
            assert state() == before

    return context


OPTIONS = {
    "dot": {"attention": "dot", "norm": "batch"},
    "gat": {"attention": "gat", "residual": False},
    "hops": {"encoder": EncoderConfig(hops=(1, 2), output="attention")},
    "convolution": {
        "encoder": EncoderConfig(
            convolution="gcn", gated_convolution=True, global_attention=True
        )
    },
    "jumping": {"encoder": EncoderConfig(jumping="attention", feed_forward=1)},
    "periodic": {"encoder": EncoderConfig(feature_embedding="periodic")},
    "positional": {"encoder": EncoderConfig(positional="degree", jumping="concat")},
    "sampled": {"fanout": (2, 2), "batch_size": 8},
    "optimizer": {"net_params": {"optimizer": torch.optim.SGD}},
    "validated": {"early_stopping": 0.25, "scoring": "accuracy"},
}


def small(cls, **params):
    defaults = {"max_epochs": 2, "hidden_dim": 8, "n_layers": 2, "random_state": 0}
    return cls(**defaults | params)


def assert_same_in(unusual, run):
    expected = run()
    with unusual():
        got = run()
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("data", [X, GRAPH, EDGE_FEATURES], ids=["table", "graph", "E"])
def test_probabilities_are_the_same(unusual, data):
    def run():
        return small(GraphAttentionClassifier).fit(data, Y).predict_proba(data)

    assert_same_in(unusual, run)


@pytest.mark.parametrize("params", OPTIONS.values(), ids=OPTIONS)
def test_probabilities_are_the_same_with_every_option(unusual, params):
    def run():
        return (
            small(GraphAttentionClassifier, **params).fit(GRAPH, Y).predict_proba(GRAPH)
        )

    assert_same_in(unusual, run)


@pytest.mark.parametrize("readout", ["attention", "hierarchical", "mean"])
def test_numbers_of_graphs_are_the_same(unusual, readout):
    def run():
        y = np.arange(12.0)
        return (
            small(GraphAttentionRegressor, readout=readout)
            .fit(GRAPHS, y)
            .predict(GRAPHS)
        )

    assert_same_in(unusual, run)


@pytest.mark.parametrize("data", [X, GRAPHS], ids=["table", "graphs"])
def test_embeddings_are_the_same(unusual, data):
    assert_same_in(
        unusual, lambda: small(AttentionEmbedder, n_components=3).fit_transform(data)
    )


def test_pretrained_weights_are_the_same(unusual):
    embedder = small(AttentionEmbedder).fit(GRAPH)

    def run():
        clf = small(GraphAttentionClassifier, pretrained=embedder)
        return clf.fit(GRAPH, Y).predict_proba(GRAPH)

    assert_same_in(unusual, run)


def test_loaded_model_predicts_and_learns_the_same(unusual, tmp_path):
    clf = small(GraphAttentionClassifier).fit(X, Y)
    clf.save(tmp_path / "clf")

    def run():
        clf.save(tmp_path / "again")
        loaded = GraphAttentionClassifier.load(tmp_path / "clf")
        outputs = loaded.predict_proba(X)
        return np.stack([outputs, loaded.fit(X, Y).predict_proba(X)])

    assert_same_in(unusual, run)
    loaded = GraphAttentionClassifier.load(tmp_path / "again")
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))


def test_model_loaded_in_another_state_can_be_used_in_the_usual_one(unusual, tmp_path):
    clf = small(GraphAttentionClassifier).fit(X, Y)
    clf.save(tmp_path / "clf")
    with unusual():
        loaded = GraphAttentionClassifier.load(tmp_path / "clf")
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    weights = list(loaded.net_.module_.parameters())
    assert all(w.requires_grad and not w.is_inference() for w in weights)


def test_unpickled_model_predicts_the_same(unusual):
    stored = pickle.dumps(small(GraphAttentionClassifier).fit(X, Y))
    assert_same_in(unusual, lambda: pickle.loads(stored).predict_proba(X))


def test_attention_is_the_same(unusual):
    clf = small(GraphAttentionClassifier).fit(GRAPH, Y)
    assert_same_in(unusual, lambda: attention_weights(clf, GRAPH)[1][0].toarray())


def test_readout_weights_are_the_same(unusual):
    clf = small(GraphAttentionClassifier, readout="attention").fit(GRAPHS, Y[:12])
    assert_same_in(unusual, lambda: readout_weights(clf, GRAPHS)[0])
