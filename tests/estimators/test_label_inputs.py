"""Known labels of other rows as inputs; a row's own label never is one."""

import copy
import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._training._labels import Labels
from skattn._training._memory import estimate_step_bytes
from skattn.estimators import _label_inputs
from skattn.graph import _field
from skattn.inspection import attention_weights
from skattn.nn import _label_attention

RNG = np.random.default_rng(0)
N = 40
X = RNG.normal(size=(N, 3))
Y = np.arange(N) % 2
NUMBERS = RNG.normal(size=N)
A = sp.csr_array((RNG.random((N, N)) < 0.15).astype(float))
GRAPH = Graph(A, X)
NAMES = pd.Index([f"n{i}" for i in range(N)], name="id")
NAMED = Graph(A, X, nodes=NAMES)
TRAIN, HELD = np.arange(30), np.arange(30, N)


def made(cls=GraphAttentionClassifier, **params):
    usual = {"max_epochs": 3, "n_layers": 3, "hidden_dim": 8, "n_heads": 2}
    usual |= {"norm": "layer", "label_inputs": True, "random_state": 0}
    return cls(**usual | params)


def proba(clf, rows):
    return clf.predict_proba(rows)


def with_labels(est, change):
    """Return a copy of a fitted estimator with other known labels as inputs."""
    other = copy.deepcopy(est)
    known = other._input_spec_.label_inputs
    encoded = known.encoded.copy()
    change(encoded)
    spec = replace(other._input_spec_, label_inputs=replace(known, encoded=encoded))
    other._input_spec_ = spec
    return other


def changed(est, poisoned, rows):
    """Return which rows have another prediction."""
    outputs = est._outputs(rows, None), poisoned._outputs(rows, None)
    return (outputs[0] != outputs[1]).any(1)


# ---- a row's own label ---------------------------------------------------------------


@pytest.mark.parametrize("rows", [GRAPH, NAMED, X], ids=["graph", "named", "table"])
def test_a_rows_own_label_changes_nothing_in_its_prediction(rows):
    clf = made(n_neighbors=4).fit(rows[TRAIN], Y[TRAIN])
    for row in range(0, 30, 7):

        def flip(encoded, row=row):
            encoded[row] = 1 - encoded[row]

        moved = changed(clf, with_labels(clf, flip), rows)
        assert not moved[row]
        assert moved.any()


def test_a_label_changes_the_predictions_of_the_nodes_that_attend_to_it():
    clf = made().fit(GRAPH[TRAIN], Y[TRAIN])

    def flip(encoded):
        encoded[3] = 1 - encoded[3]

    receivers = A[:, [3]].toarray().ravel() != 0
    receivers[3] = False
    assert_array_equal(changed(clf, with_labels(clf, flip), GRAPH), receivers)


def test_two_nodes_that_attend_to_each_other_do_not_return_a_label():
    pair = Graph([[0, 1], [1, 0]], np.eye(2))
    clf = made().fit(pair, [0, 1])

    def flip(encoded):
        encoded[0] = 1 - encoded[0]

    assert changed(clf, with_labels(clf, flip), pair).tolist() == [False, True]


def test_equal_rows_of_a_table_do_not_use_each_others_labels():
    doubled = np.vstack([X[:10], X[:10], X[10:20]])
    y = np.concatenate([Y[:10], Y[:10], Y[10:20]])
    clf = made(n_neighbors=4).fit(doubled, y)

    def flip(encoded):
        encoded[[2, 12]] = 1 - encoded[[2, 12]]

    moved = changed(clf, with_labels(clf, flip), doubled)
    assert not moved[[2, 12]].any()
    assert moved.any()


# ---- held-out labels -----------------------------------------------------------------


@pytest.mark.parametrize("rows", [GRAPH, NAMED, X], ids=["graph", "named", "table"])
def test_labels_for_validation_change_no_weight_and_no_prediction(rows):
    def fitted(y_val):
        validation = {"X_val": rows[HELD], "y_val": y_val}
        clf = made(n_neighbors=4, early_stopping=False)
        return clf.fit(rows[TRAIN], Y[TRAIN], **validation)

    clf, poisoned = fitted(Y[HELD]), fitted(1 - Y[HELD])
    assert clf.loss_curve_ == poisoned.loss_curve_
    assert_array_equal(proba(clf, rows), proba(poisoned, rows))


def test_held_out_rows_are_no_inputs_of_any_kind_of_fit():
    frame = pd.DataFrame(X, index=NAMES, columns=list("abc"))
    named = made(graph=Graph(A, nodes=NAMES))
    fits = [
        (made().set_params(early_stopping=0.3), GRAPH),
        (made(n_neighbors=4).set_params(early_stopping=0.3), X),
        (named.set_params(early_stopping=0.3), frame),
    ]
    for clf, rows in fits:
        clf.fit(rows, Y)
        known = clf._input_spec_.label_inputs.nodes
        assert len(known) == clf.input_summary_["n_train"] == N - 12


def test_rows_without_a_label_or_weight_are_no_inputs():
    marked = Y.copy()
    marked[:5] = -1
    weight = (np.arange(N) >= 10).astype(float)
    clf = made(unlabeled=-1).fit(GRAPH, marked, sample_weight=weight)
    assert_array_equal(clf._input_spec_.label_inputs.nodes.positions, np.arange(10, N))
    poisoned = marked.copy()
    poisoned[5:10] = 1 - poisoned[5:10]
    other = made(unlabeled=-1).fit(GRAPH, poisoned, sample_weight=weight)
    assert_array_equal(proba(clf, GRAPH), proba(other, GRAPH))


def test_a_class_of_weight_zero_is_no_input():
    y = np.arange(N) % 3
    clf = made(class_weight={0: 1, 1: 1, 2: 0}).fit(GRAPH, y)
    positions = clf._input_spec_.label_inputs.nodes.positions
    assert_array_equal(positions, np.flatnonzero(y != 2))


def test_the_last_labelled_row_of_a_node_counts():
    clf = made().fit(GRAPH[[1, 0, 1, 2]], [0, 0, 1, 1])
    known = clf._input_spec_.label_inputs
    assert known.nodes.positions.tolist() == [0, 1, 2]
    assert known.encoded.tolist() == [0, 1, 1]


# ---- kinds of labels -----------------------------------------------------------------


def test_columns_of_classes_are_indicators():
    clf = made().fit(GRAPH[[4, 2, 7]], ["b", "a", "b"])
    columns = clf._input_spec_.label_inputs.columns(np.arange(3))
    assert columns.tolist() == [[1, 0], [0, 1], [0, 1]]


def test_columns_of_numbers_are_standardised_numbers_and_masks():
    y = np.array([[1.0, 10], [3, np.nan], [np.nan, 30]])
    reg = made(GraphAttentionRegressor, unlabeled=np.nan).fit(GRAPH[:3], y)
    columns = reg._input_spec_.label_inputs.columns(np.arange(3))
    assert columns.tolist() == [[-1, -1, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    assert reg.predict(GRAPH).shape == (N, 2)


def test_numbers_and_indicators_of_other_nodes_are_inputs():
    pair = np.stack([Y, 1 - Y], axis=1)
    for cls, y in [
        (GraphAttentionRegressor, NUMBERS),
        (GraphAttentionClassifier, pair),
    ]:
        est = made(cls).fit(GRAPH[TRAIN], y[TRAIN])

        def shift(encoded):
            encoded[5] = 1 - encoded[5]

        moved = changed(est, with_labels(est, shift), GRAPH)
        assert moved.any()
        assert not moved[5]


# ---- predictions ---------------------------------------------------------------------


def with_frame(make):
    frame = pd.DataFrame(X, index=NAMES, columns=list("abc"))
    return make(graph=Graph(A, nodes=NAMES)), frame.iloc[TRAIN], frame.iloc[[33, 5]]


@pytest.mark.parametrize(
    "case",
    [
        lambda make: (make(), GRAPH[TRAIN], GRAPH[[33, 5]]),
        lambda make: (make(), NAMED[TRAIN], NAMED[[33, 5]]),
        lambda make: (make(n_neighbors=3), X[TRAIN], X[[33, 5]]),
        with_frame,
    ],
    ids=["graph", "named graph", "table", "joined by name"],
)
@pytest.mark.parametrize("jumping", [None, "concat"])
def test_a_receptive_field_has_the_labels_of_the_whole(monkeypatch, case, jumping):
    est, fit_rows, later = case(made)
    est.set_params(encoder__jumping=jumping, n_layers=2).fit(fit_rows, Y[TRAIN])
    whole = est._outputs(later, None)
    monkeypatch.setattr(_field, "WHOLE_BELOW", 0)
    monkeypatch.setattr(_field, "LARGEST_WORK", 10)
    assert_allclose(est._outputs(later, None), whole, rtol=0, atol=1e-6)


def test_predictions_do_not_depend_on_their_batch():
    clf = made().fit(GRAPH[TRAIN], Y[TRAIN])
    assert_array_equal(proba(clf, GRAPH)[HELD], proba(clf, GRAPH[HELD]))


def test_chunks_of_receivers_have_the_same_codes():
    clf = made(encoder=EncoderConfig(jumping="concat")).fit(GRAPH[TRAIN], Y[TRAIN])
    batch, network = clf._prepare(GRAPH).source.batch, clf.net_.module_.eval()
    codes = network.encode_in_chunks(**batch.inputs, max_edges=20)
    expected = network.encode(**batch.inputs).detach()
    assert_allclose(codes.numpy(), expected.numpy(), rtol=0, atol=1e-6)


def test_labels_follow_the_names_of_nodes_into_another_graph():
    clf = made().fit(NAMED[TRAIN], Y[TRAIN])
    order = RNG.permutation(N)
    other = NAMED.subgraph(order)
    assert_allclose(proba(clf, other), proba(clf, NAMED)[order], rtol=0, atol=1e-6)


def test_another_graph_without_names_has_no_known_labels():
    clf = made().fit(GRAPH[TRAIN], Y[TRAIN])
    other = Graph(A.T, X)
    with pytest.warns(UserWarning, match="no labelled node of the fit"):
        expected = proba(clf, other)

    def flip(encoded):
        encoded[:] = 1 - encoded

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_array_equal(proba(with_labels(clf, flip), other), expected)


def test_an_equal_graph_has_the_known_labels():
    clf = made().fit(GRAPH[TRAIN], Y[TRAIN])
    assert_array_equal(proba(clf, Graph(A, X)), proba(clf, GRAPH))


def test_a_table_and_its_adjacency_have_the_known_labels():
    clf = made().fit(X, Y, adjacency=A)
    expected = clf.predict_proba(X, adjacency=A)
    graph = made().fit(GRAPH, Y)
    assert_array_equal(expected, proba(graph, GRAPH))


def test_a_node_without_labelled_senders_is_predicted():
    loner = Graph(np.diag([0.0, 0, 0]) + np.eye(3, k=1), np.eye(3))
    clf = made().fit(loner[:2], [0, 1])
    assert np.isfinite(proba(clf, loner)).all()


# ---- training ------------------------------------------------------------------------


def test_sampled_neighbours_have_their_labels(monkeypatch):
    monkeypatch.setattr(_label_attention, "HIDDEN", 0)
    params = {"fanout": (50, 50), "n_layers": 2, "dropout": 0.0, "batch_size": 40}
    encoder = EncoderConfig(input_dropout=0.0)
    sampled = made(encoder=encoder, **params).fit(GRAPH, Y)
    del params["fanout"], params["batch_size"]
    whole = made(encoder=encoder, **params).fit(GRAPH, Y)
    assert_allclose(sampled.loss_curve_, whole.loss_curve_, rtol=1e-5)
    made(fanout=(2, 2), n_layers=2, batch_size=8).fit(GRAPH[TRAIN], Y[TRAIN])


def test_in_training_nodes_of_a_fold_do_not_use_each_others_labels():
    clf = made().fit(GRAPH[TRAIN], Y[TRAIN])
    (source,) = clf._input_spec_.sources(
        [(GRAPH, None)], batch_size="auto", device="cpu", for_training=True
    )
    labels = source.batch.structure.labels
    folds = labels.identity[labels.known]
    assert np.bincount(folds).tolist() == [6] * 5
    receivers, senders = labels.edges.receivers, labels.edges.senders
    assert (labels.identity[receivers] != labels.identity[senders]).all()
    assert (senders < 30).all()
    held = receivers >= 30  # nodes without a label see all
    whole = clf._prepare(GRAPH).source.batch.structure.labels.edges
    assert held.sum() == (whole.receivers >= 30).sum() > 0
    assert len(receivers) < len(whole.receivers)


def test_in_training_equal_rows_of_a_table_are_in_one_fold():
    clf = made(n_neighbors=3).fit(np.vstack([X, X]), np.append(Y, Y))
    (source,) = clf._input_spec_.sources(
        [(clf._context_.split(np.arange(80), None)[0], None)],
        batch_size="auto",
        device="cpu",
        for_training=True,
    )
    identity = source.batch.structure.labels.identity
    assert_array_equal(identity[:40], identity[40:])


@pytest.mark.parametrize(("n_folds", "low", "high"), [(5, 0.3, 0.7), (40, 0.9, 1)])
def test_folds_keep_a_network_from_reading_off_a_missing_own_label(
    monkeypatch, n_folds, low, high
):
    monkeypatch.setattr(_label_inputs, "N_FOLDS", n_folds)
    n = 40  # all attend to all: the mean of the others tells the own label
    y = np.random.default_rng(0).permutation(n) % 2
    clique = Graph(np.ones((n, n)), np.ones((n, 1)))
    params = {"learning_rate": 0.02, "weight_decay": 0.0, "dropout": 0.0}
    params["encoder"] = EncoderConfig(input_dropout=0.0)
    clf = made(max_epochs=300, **params).fit(clique, y)
    assert low <= clf.score(clique, y) <= high


def test_labels_of_neighbours_are_learned_where_features_say_nothing():
    n = 120  # triples of nodes of one class
    y = np.repeat(np.random.default_rng(1).integers(2, size=n // 3), 3)
    edges = np.kron(np.eye(n // 3), np.ones((3, 3)) - np.eye(3))
    graph, last = Graph(edges, np.ones((n, 1))), np.arange(n) % 3 == 2
    clf = made(max_epochs=60).fit(graph[~last], y[~last])
    assert clf.score(graph[last], y[last]) == 1
    clf.set_params(label_inputs=False).fit(graph[~last], y[~last])
    assert clf.score(graph[last], y[last]) < 0.8


def test_without_label_inputs_the_network_has_none():
    clf = made().set_params(label_inputs=False).fit(GRAPH, Y)
    assert clf._input_spec_.label_inputs is None
    assert clf.net_.module_.encoder.labels is None
    assert clf.resolved_params_["label_inputs"] is False


def test_a_pretrained_encoder_gets_labels_beside_it():
    params = {"hidden_dim": 8, "n_heads": 2, "n_layers": 2}
    embedder = AttentionEmbedder(max_epochs=2, random_state=0, **params).fit(GRAPH)
    params |= {"norm": "auto", "pretrained": embedder}
    clf = made(**params).fit(GRAPH[TRAIN], Y[TRAIN])
    assert clf.resolved_params_["label_inputs"] is True


# ---- refusals, copies, files ---------------------------------------------------------


def test_graphs_of_a_list_have_no_neighbours():
    graphs = [Graph([[0, 1], [1, 0]], np.eye(2))] * 4
    clf = made().fit(GRAPH, Y)
    expected = proba(clf, GRAPH)
    for value in (True, np.True_):
        clf.set_params(label_inputs=value)
        with pytest.raises(ValueError, match="graphs of a list have no neighbours"):
            clf.fit(graphs, [0, 1, 0, 1])
    assert_array_equal(proba(clf, GRAPH), expected)
    clf.set_params(label_inputs="auto", n_layers=1).fit(graphs, [0, 1, 0, 1])
    assert clf.resolved_params_["label_inputs"] is False


def test_auto_is_for_the_nodes_of_a_graph_without_features():
    frame = pd.DataFrame(index=NAMES)
    bare = Graph(A)
    for clf, rows, expected in [
        (made(), bare, True),
        (made(graph=Graph(A, nodes=NAMES)), frame, True),
        (made(), GRAPH, False),
        (made(n_neighbors=4), X, False),
        (made(encoder=EncoderConfig(output="attention")), bare, False),
        (made(n_layers=1), [bare] * N, False),
    ]:
        clf.set_params(label_inputs="auto").fit(rows, Y)
        assert clf.resolved_params_["label_inputs"] is expected


def test_an_output_attention_would_pass_labels_on():
    clf = made(encoder=EncoderConfig(output="attention"))
    with pytest.raises(ValueError, match="label_inputs=True needs an encoder"):
        clf.fit(GRAPH, Y)
    assert clf.set_params(label_inputs="auto").fit(GRAPH, Y).predict(GRAPH).shape == (
        N,
    )


@pytest.mark.parametrize("rows", [GRAPH, NAMED, X], ids=["graph", "named", "table"])
def test_copies_and_files_have_the_known_labels(tmp_path, rows):
    clf = made(n_neighbors=4).fit(rows[TRAIN], Y[TRAIN])
    clf.save(tmp_path / "model")
    loaded = GraphAttentionClassifier.load(tmp_path / "model")
    for other in (loaded, pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        assert_array_equal(proba(other, rows), proba(clf, rows))
    assert not hasattr(clone(clf), "net_")


def test_attention_weights_of_a_model_with_label_inputs():
    clf = made(n_layers=2).fit(GRAPH[TRAIN], Y[TRAIN])
    layers = attention_weights(clf, GRAPH)
    assert len(layers) == 2


def test_the_memory_of_a_step_is_estimated_with_labels():
    clf = made().fit(GRAPH, Y)
    batch = clf._prepare(GRAPH).source.batch
    labels = Labels(torch.from_numpy(Y), torch.ones(N))
    with_known = estimate_step_bytes(clf.net_.objective, batch, labels)
    clf.set_params(label_inputs=False).fit(GRAPH, Y)
    batch = clf._prepare(GRAPH).source.batch
    without = estimate_step_bytes(clf.net_.objective, batch, labels)
    assert without < with_known < without + (1 << 16)
