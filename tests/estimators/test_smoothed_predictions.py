"""Predictions that are averaged over neighbours after the training."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from skattn import EncoderConfig, Graph, GraphAttentionClassifier
from skattn._training import predict
from skattn.estimators._input import prepare_targets
from skattn.graph import _field
from skattn.inspection import explain

N = 60
RNG = np.random.default_rng(0)
WEIGHTS = sp.random_array((N, N), density=0.03, rng=RNG, format="csr")
WEIGHTS.setdiag(0.5)
X = RNG.normal(2, 3, size=(N, 3)).astype(np.float32)
WORDS = (RNG.random((N, 120)) < 0.1).astype(np.float32)
Y = np.arange(N) % 3
GRAPH = Graph(WEIGHTS, X)
SMALL = {"hidden_dim": 8, "n_heads": 2, "n_layers": 2, "max_epochs": 2}


def fitted(graph=GRAPH, y=Y, **params):
    clf = GraphAttentionClassifier(**{**SMALL, **params}, random_state=0)
    return clf.fit(graph, y)


def resolved(graph=GRAPH, y=Y, **params):
    return fitted(graph, y, **params).resolved_params_["smoothing"]


@pytest.mark.parametrize("output", ["linear", "attention"])
def test_outputs_are_averaged_by_the_weights_of_a_gcn(output):
    config = EncoderConfig(output=output)
    clf = fitted(smoothing=2, encoder=config)
    plain = fitted(smoothing=0, encoder=config)._outputs(GRAPH, None)
    bias = 0  # is added once
    if output == "linear":
        bias = clf.net_.module_.head.linear.bias.detach().numpy()
    root = sp.diags_array(WEIGHTS.sum(1) ** -0.5)
    step = root @ WEIGHTS @ root
    expected = step @ (step @ (plain - bias)) + bias
    assert_allclose(clf._outputs(GRAPH, None), expected, rtol=1e-4, atol=1e-5)


def test_the_training_is_the_same():
    assert fitted(smoothing=2).loss_curve_ == fitted(smoothing=0).loss_curve_


def test_validation_scores_the_averaged_predictions():
    options = SMALL | {"max_epochs": 1, "smoothing": 2, "random_state": 0}
    clf = GraphAttentionClassifier(**options)
    clf.fit(GRAPH[:40], Y[:40], X_val=GRAPH[40:], y_val=Y[40:])
    proba = clf.predict_proba(GRAPH[40:])[np.arange(20), Y[40:]]
    assert_allclose(clf.validation_curve_, [-np.log(proba).mean()], rtol=1e-5)


def test_wide_features_give_two_averages_by_default():
    few = Graph(WEIGHTS, WORDS)[:12]  # too few edges to know the homophily
    assert resolved() == 0
    assert resolved(few, Y[:12]) == 2
    assert resolved(few, Y[:12], smoothing=0) == 0
    assert resolved(few, Y[:12], fanout=(3, 3)) == 0
    assert resolved(few, Y[:12], label_inputs=True) == 0
    attends = EncoderConfig(output="attention")
    assert resolved(few, Y[:12], encoder=attends) == 0


def test_neighbours_of_other_classes_are_not_averaged():
    ring = sp.diags_array([1.0, 1, 1], offsets=[1, 2 - N, 1 - N], shape=(N, N))
    unlike = Graph(ring + ring.T, WORDS)  # node i beside i + 1, of another class
    assert resolved(unlike, Y) == 0
    alike = np.repeat([0, 1, 2], N // 3)
    assert resolved(unlike, alike) == 2


@pytest.mark.parametrize("encoder", [{}, {"convolution": "gcn"}, {"hops": 2}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_some_nodes_have_the_predictions_of_the_whole_graph(
    encoder, weighted, monkeypatch
):
    monkeypatch.setattr(_field, "WHOLE_BELOW", 0)
    monkeypatch.setattr(_field, "LARGEST_WORK", 10)
    graph = GRAPH if weighted else Graph((WEIGHTS != 0).astype(float), X)
    clf = fitted(graph, smoothing=2, encoder=EncoderConfig(**encoder))
    expected = predict(clf.net_, clf._prepare(graph).source)
    source = prepare_targets(clf, graph[[5, 7]])
    assert source.batch.structure.reach[-1] == len(source.batch.x) < N
    assert len(source.batch.structure.reach) == 5
    assert_allclose(clf._outputs(graph[[5, 7]], None), expected[[5, 7]], atol=1e-6)


def test_a_sampled_fit_predicts_with_all_neighbours():
    clf = fitted(smoothing=1, fanout=(2, 2), batch_size=16)
    assert clf.resolved_params_["smoothing"] == 1
    part = clf.predict_proba(GRAPH[[5, 7]])
    assert_allclose(part, clf.predict_proba(GRAPH)[[5, 7]], atol=1e-6)


def test_new_rows_of_a_table_average_over_fitted_rows():
    clf = fitted(X, smoothing=2, n_neighbors=5)
    new = X[:4] + np.float32(0.1)
    together = clf.predict_proba(new)
    for row in range(4):
        assert_allclose(clf.predict_proba(new[[row]])[0], together[row], atol=1e-6)


def test_a_loaded_classifier_predicts_the_same(tmp_path):
    wide = Graph(WEIGHTS, WORDS)
    clf = fitted(wide[:12], Y[:12])
    clf.save(tmp_path / "model")
    again = GraphAttentionClassifier.load(tmp_path / "model")
    assert clf.net_.module_.smoothing == again.net_.module_.smoothing == 2
    assert_array_equal(again.predict_proba(wide), clf.predict_proba(wide))
    assert again.resolved_params_ == clf.resolved_params_


def test_an_explanation_holds_the_edges_of_the_averages():
    path = sp.diags_array([1.0] * 11, offsets=1, shape=(12, 12))
    graph = Graph(path, RNG.normal(size=(12, 3)))  # i attends to i + 1
    clf = fitted(graph, np.arange(12) % 2, smoothing=2, n_layers=1)
    found = explain(clf, graph[[0]], of="edges", method="occlusion")
    receivers, senders = found.scores[0].nonzero()
    edges = set(zip(receivers.tolist(), senders.tolist(), strict=True))
    assert edges == {(0, 1), (1, 2), (2, 3)}


@pytest.mark.parametrize("smoothing", [-1, 101, 1.5, "twice"])
def test_an_invalid_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="'smoothing' parameter"):
        fitted(smoothing=smoothing)


def test_smoothing_is_refused_beside_known_labels_and_for_lists():
    with pytest.raises(ValueError, match="label_inputs=True needs smoothing=0"):
        fitted(smoothing=1, label_inputs=True)
    with pytest.raises(ValueError, match="graphs of a list have none; got smoothing=1"):
        fitted([GRAPH, GRAPH], [0, 1], smoothing=1)


def test_a_graph_without_features_has_labels_or_averages():
    bare = Graph(WEIGHTS)
    labels = {"smoothing": 0, "label_inputs": True}
    averages = {"smoothing": 2, "label_inputs": False}
    for params, expected in (({}, labels), ({"smoothing": 2}, averages)):
        found = fitted(bare, **params).resolved_params_
        assert expected.items() <= found.items()
