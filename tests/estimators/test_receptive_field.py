"""Outputs from the receptive field of the targets against those of the whole graph."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._training import predict
from skattn.estimators._input import prepare_targets
from skattn.graph import _field

N = 60
RNG = np.random.default_rng(0)
WEIGHTS = sp.random_array((N, N), density=0.03, rng=RNG, format="csr")
WEIGHTS.setdiag(0.5)
ONES = (sp.random_array((N, N), density=0.03, rng=RNG) > 0).astype(float).tocsr()
X = RNG.normal(size=(N, 3)).astype(np.float32)
Y = np.arange(N) % 3
NAMES = pd.Index([f"n{i}" for i in range(N)], name="id")
FRAME = pd.DataFrame(X, columns=list("abc"), index=NAMES)


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch):
    monkeypatch.setattr(_field, "WHOLE_BELOW", 0)
    monkeypatch.setattr(_field, "LARGEST_WORK", 10)


def fitted(X, y=Y, cls=GraphAttentionClassifier, *, encoder=None, **params):
    est = cls(
        hidden_dim=8,
        n_heads=2,
        max_epochs=2,
        random_state=0,
        encoder=EncoderConfig(**(encoder or {})),
        **params,
    )
    return est.fit(X) if cls is AttentionEmbedder else est.fit(X, y)


def check(est, later):
    """The outputs agree and the field is smaller than the graph."""
    source, whole = prepare_targets(est, later), est._prepare(later).source
    assert source.batch.structure.reach
    assert len(source.batch.x) < len(whole.batch.x)
    expected = predict(est.net_, whole)
    assert_allclose(predict(est.net_, source), expected, rtol=0, atol=1e-5)
    assert_allclose(est._outputs(later, None), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("hops", [1, 2, (1, 2)])
@pytest.mark.parametrize("attention", ["gat", "gatv2", "dot"])
def test_every_score_at_every_number_of_hops(attention, hops):
    graph = Graph(WEIGHTS, X)
    est = fitted(graph, attention=attention, n_layers=2, encoder={"hops": hops})
    check(est, graph[[5]])


@pytest.mark.parametrize("adjacency", [ONES, WEIGHTS], ids=["ones", "weights"])
@pytest.mark.parametrize(
    "encoder",
    [
        {"convolution": "mean"},
        {"convolution": "gcn"},
        {"convolution": "gcn", "gated_convolution": True},
        {"convolution": "sum"},
        {"output": "attention"},
        {"output": "attention", "n_feature_layers": 2, "jumping": "concat"},
        {"n_feature_layers": 1, "jumping": "attention"},
        {"feature_embedding": "periodic"},
    ],
    ids=str,
)
def test_every_part_of_an_encoder(encoder, adjacency):
    graph = Graph(adjacency, X)
    est = fitted(graph, encoder=encoder)
    check(est, graph[[7, 3, 7]])


@pytest.mark.parametrize(
    "graph",
    [
        Graph(ONES),
        Graph(WEIGHTS),
        Graph(WEIGHTS, sp.csr_array(X)),
        Graph(WEIGHTS, FRAME),
        Graph(ONES, X, edge_features=RNG.normal(size=(ONES.nnz, 2))),
        Graph(WEIGHTS, X, edge_features=RNG.normal(size=WEIGHTS.nnz)),
    ],
    ids=["degrees", "weighted", "sparse", "frame", "edges", "weighted edges"],
)
def test_every_kind_of_features(graph):
    check(fitted(graph), graph[[5, 17]])


@pytest.mark.parametrize("n_feature_layers", [0, 1])
def test_embeddings(n_feature_layers):
    graph = Graph(WEIGHTS, X)
    config = {"n_feature_layers": n_feature_layers}
    check(fitted(graph, cls=AttentionEmbedder, encoder=config), graph[[5]])


def test_batch_normalisation():
    graph = Graph(WEIGHTS, X)
    check(fitted(graph, norm="batch"), graph[[5]])


def test_another_graph_than_the_fitted_one():
    est = fitted(Graph(WEIGHTS, X))
    check(est, Graph(ONES, X[::-1])[[4, 9]])


@pytest.mark.parametrize("columns", [["a", "b", "c"], []], ids=["features", "labels"])
def test_rows_joined_by_name(columns):
    graph = Graph(WEIGHTS, nodes=NAMES, edge_features=RNG.normal(size=WEIGHTS.nnz))
    est = fitted(FRAME.iloc[10:].filter(columns), Y[10:], graph=graph)
    # new nodes, a fitted one with new features, one node twice
    later = (FRAME.iloc[[3, 20, 4, 3]] * 0.5).filter(columns)
    check(est, later)


def test_rows_joined_by_name_of_which_few_are_fitted():
    graph = Graph(ONES, nodes=NAMES)
    est = fitted(
        FRAME.iloc[::2], Y[::2], graph=graph, encoder={"convolution": "gcn", "hops": 2}
    )
    check(est, FRAME.iloc[[1, 2]])


@pytest.mark.parametrize(
    "encoder",
    [
        {},
        {"n_feature_layers": 0},
        {"n_feature_layers": 1, "hops": 2},
        {"n_feature_layers": 1, "convolution": "gcn"},
    ],
    ids=str,
)
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_new_rows_of_a_table(form, encoder):
    est = fitted(form(X), n_neighbors=3, encoder=encoder)
    check(est, form(X[[1, 2]] + 0.1))


def test_new_rows_of_a_regression():
    est = fitted(X, X[:, 0], cls=GraphAttentionRegressor, n_neighbors=3)
    check(est, X[:1] + 0.1)


def test_one_attending_layer_needs_no_graph_of_the_fitted_rows():
    est = fitted(X, n_neighbors=3)
    vars(est._context_).pop("neighbors", None)
    vars(est._context_).pop("adjacency", None)
    est.predict(X[:2])
    assert not {"neighbors", "adjacency"} & set(vars(est._context_))


@pytest.mark.parametrize(
    "encoder",
    [{"global_attention": True}, {"positional": "random_walk", "positional_dim": 2}],
    ids=str,
)
def test_outputs_that_depend_on_all_nodes_are_those_of_the_whole_graph(encoder):
    graph = Graph(ONES, X)
    est = fitted(graph, encoder=encoder)
    assert not prepare_targets(est, graph[[5]]).batch.structure.reach


def test_features_outside_the_field_are_not_read():
    graph = Graph(WEIGHTS, X)
    est = fitted(graph)
    expected = est.predict_proba(graph[[5]])
    nodes = est._context_.field(
        graph.with_features(np.arange(N)[:, None])[[5]],
        est._input_spec_.extent(est.net_.objective),
        lambda X: X,
    ).graph.X.ravel()
    broken = np.full_like(X, np.nan)
    broken[nodes] = X[nodes]
    assert_allclose(est.predict_proba(graph.with_features(broken)[[5]]), expected)


def test_no_targets_give_no_rows():
    graph = Graph(WEIGHTS, X)
    assert fitted(graph).predict_proba(graph[[]]).shape == (0, 3)


def test_a_graph_of_another_width_is_refused():
    graph = Graph(WEIGHTS, X)
    est = fitted(graph)
    with pytest.raises(ValueError, match="features"):
        est.predict(graph.with_features(X[:, :2])[[5]])
    edges = Graph(WEIGHTS, X, edge_features=np.ones(WEIGHTS.nnz))
    with pytest.raises(ValueError, match="0 edge features, as at fit, got 1"):
        est.predict(edges[[5]])


def test_sums_over_loops_with_the_weights_of_distant_edges_need_the_whole_graph():
    # 0 attends to 1, which attends to none; 2 attends to 1 with another weight
    graph = Graph([[0, 1, 0], [0, 0, 0], [0, 9, 0]], X[:3])
    est = fitted(graph, Y[:3], n_layers=2, encoder={"convolution": "sum"})
    expected = predict(est.net_, est._prepare(graph).source)
    assert_allclose(est._outputs(graph[[0]], None), expected[:1], rtol=0, atol=1e-6)
