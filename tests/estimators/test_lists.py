"""Lists of graphs and of sequences: one label each."""

import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._batch import GraphBlock
from skattn.graph._collection import GraphCollection
from skattn.preprocessing import NodeTransformer, PositionalEncoding, SequenceGraph

CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture
def small(small):
    return partial(small, max_epochs=8, hidden_dim=16, n_layers=2)


def ring(n, X=None, rng=None, **kwargs):
    adjacency = np.roll(np.eye(n), 1, axis=0)
    return Graph(np.maximum(adjacency, adjacency.T), X, **kwargs)


@pytest.fixture
def graphs():
    """24 rings of 1 to 24 nodes with 3 features."""
    rng = np.random.default_rng(0)
    return [ring(n, rng.normal(size=(n, 3))) for n in range(1, 25)]


@pytest.fixture
def classes(graphs):
    """Whether the mean of a graph's first feature is positive."""
    return np.array([int(graph.X[:, 0].mean() > 0) for graph in graphs])


@pytest.fixture
def sequences():
    rng = np.random.default_rng(1)
    return [rng.normal(size=(length, 2)) for length in range(1, 21)]


# ---- graphs ------------------------------------------------------------------


@pytest.mark.parametrize("readout", ["attention", "mean", "sum", "max", "hierarchical"])
def test_graphs_are_classified(small, graphs, classes, readout):
    clf = small(readout=readout, max_epochs=60, learning_rate=0.02)
    clf.fit(graphs, classes)
    assert clf.score(graphs, classes) > 0.9
    probability = clf.predict_proba(graphs)
    assert probability.shape == (24, 2)
    np.testing.assert_allclose(probability.sum(1), 1)


def test_a_number_per_graph_is_learned(small, graphs):
    y = np.array([graph.X.mean() for graph in graphs])
    reg = small(GraphAttentionRegressor, max_epochs=150, readout="mean", dropout=0.0)
    assert reg.fit(graphs, y).score(graphs, y) > 0.8


@pytest.mark.parametrize(
    "form",
    [list, tuple, lambda graphs: np.array([*graphs, None], dtype=object)[:-1]],
    ids=["list", "tuple", "object array"],
)
def test_lists_tuples_and_object_arrays_mean_the_same(small, graphs, classes, form):
    expected = small().fit(graphs, classes).predict_proba(graphs)
    clf = small().fit(form(graphs), classes)
    np.testing.assert_array_equal(clf.predict_proba(form(graphs)), expected)


def test_the_order_of_graphs_and_of_their_nodes_does_not_matter(small, graphs, classes):
    clf = small(batch_size=5).fit(graphs, classes)
    expected = clf.predict_proba(graphs)
    order = np.random.default_rng(2).permutation(len(graphs))
    turned = [graphs[i].subgraph(np.arange(graphs[i].n_nodes)[::-1]) for i in order]
    np.testing.assert_allclose(clf.predict_proba(turned), expected[order], **CLOSE)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_predictions_do_not_depend_on_the_batch_size(small, graphs, classes, size):
    clf = small(batch_size=7).fit(graphs, classes)
    expected = clf.predict_proba(graphs)
    np.testing.assert_allclose(
        clf.set_params(batch_size=size).predict_proba(graphs), expected, **CLOSE
    )


def test_a_graph_alone_is_predicted_as_among_others(small, graphs, classes):
    clf = small(norm="batch").fit(graphs, classes)
    alone = np.concatenate([clf.predict_proba([graph]) for graph in graphs])
    np.testing.assert_allclose(alone, clf.predict_proba(graphs), **CLOSE)


def test_the_same_seed_gives_the_same_model_in_batches(small, graphs, classes):
    one, other = (
        small(batch_size=5).fit(graphs, classes).predict_proba(graphs) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_training_goes_through_batches_in_another_order_every_epoch(
    small, graphs, classes
):
    curves = [
        small(batch_size=size, dropout=0.0).fit(graphs, classes).loss_curve_
        for size in (6, 24)
    ]
    assert curves[0] != pytest.approx(curves[1])


def test_graphs_without_features_are_classified_by_degrees(small):
    rings, stars = [ring(n) for n in range(4, 12)], []
    for n in range(4, 12):
        star = np.zeros((n, n))
        star[0], star[:, 0] = 1, 1
        stars.append(Graph(star))
    y = np.repeat(["ring", "star"], 8)
    clf = small(max_epochs=100, learning_rate=0.02, dropout=0.0).fit(rings + stars, y)
    assert clf.n_features_in_ == 0
    assert clf.score(rings + stars, y) == 1


def test_graphs_that_differ_in_edge_features_are_classified(small):
    rng = np.random.default_rng(3)
    bonds = rng.integers(0, 2, 30)
    graphs = [ring(5, edge_features=np.full((10, 1), bond)) for bond in bonds]
    clf = small(max_epochs=60, learning_rate=0.02).fit(graphs, bonds)
    assert clf.score(graphs, bonds) == 1


def test_validation_graphs_choose_the_epoch(small, graphs, classes):
    clf = small(early_stopping=True, n_iter_no_change=3)
    clf.fit(graphs[:16], classes[:16], X_val=graphs[16:], y_val=classes[16:])
    assert len(clf.validation_curve_) == clf.n_iter_
    held_out = small(early_stopping=0.25).fit(graphs, classes)
    assert len(held_out.validation_curve_) == held_out.n_iter_


def test_unlabelled_graphs_give_no_loss(small, graphs, classes):
    marked = np.where(np.arange(24) < 16, classes, -1)
    clf = small(unlabeled=-1, batch_size=24).fit(graphs, marked)
    assert clf.classes_.tolist() == [0, 1]
    assert 0 <= clf.score(graphs, marked) <= 1


def test_a_batch_without_labels_is_allowed(small, graphs, classes):
    marked = np.where(np.arange(24) < 4, [0, 1] * 12, -1)
    clf = small(unlabeled=-1, batch_size=2).fit(graphs, marked)
    assert np.isfinite(clf.loss_curve_).all()
    assert np.isfinite(clf.predict_proba(graphs)).all()


def test_one_list_holds_graphs_of_1_to_500_nodes():
    rng = np.random.default_rng(6)
    graphs = [ring(n, rng.normal(size=(n, 3))) for n in range(1, 501, 20)]
    clf = GraphAttentionClassifier(max_epochs=2).fit(graphs, np.arange(25) % 2)
    assert np.isfinite(clf.loss_curve_).all()
    assert clf.predict_proba(graphs).shape == (25, 2)


# ---- EncoderConfig -----------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        {"share_weights": True},
        {"jumping": "concat"},
        {"jumping": "attention"},
        {"hops": (1, 2)},
        {"hops": 2},
        {"convolution": "mean"},
        {"convolution": "gcn", "gated_convolution": True},
        {"global_attention": True},
        {"positional": "random_walk", "positional_dim": 4},
        {"positional": "laplacian", "positional_dim": 4},
        {"positional": "degree", "positional_dim": 4},
    ],
    ids=str,
)
def test_every_encoder_parameter_works_on_lists_and_on_one_graph(
    small, graphs, classes, config, tmp_path
):
    clf = small(encoder=EncoderConfig(**config)).fit(graphs, classes)
    plain = small().fit(graphs, classes)
    expected = clf.predict_proba(graphs)
    assert not np.allclose(expected, plain.predict_proba(graphs))
    turned = [graph.subgraph(np.arange(graph.n_nodes)[::-1]) for graph in graphs]
    np.testing.assert_allclose(clf.predict_proba(turned), expected, **CLOSE)
    clf.save(tmp_path / "model")
    again = GraphAttentionClassifier.load(tmp_path / "model").predict_proba(graphs)
    np.testing.assert_array_equal(again, expected)
    node_y = (graphs[-1].X[:, 0] > 0).astype(int)
    assert small(encoder=EncoderConfig(**config)).fit(graphs[-1], node_y).n_iter_ == 8


@pytest.mark.parametrize(
    "hops", [(), (1, 0), (1, 2, 3), (1, 1), 0, (1.5,), True, (True, 2)]
)
def test_invalid_hops_are_refused(small, graphs, classes, hops):
    with pytest.raises(ValueError, match="hops"):
        small(encoder=EncoderConfig(hops=hops)).fit(graphs, classes)


def test_global_attention_between_rows_of_a_table_is_refused(small, table):
    X, y = table
    with pytest.raises(
        ValueError,
        match=r"global_attention=True.*must attend to fitted rows only.*Pass a Graph",
    ):
        small(encoder=EncoderConfig(global_attention=True)).fit(X, y)


def test_batches_need_a_list(small, table):
    X, y = table
    with pytest.raises(
        ValueError, match=r"batch_size on a single graph needs fanout.*fanout="
    ):
        small(batch_size=8).fit(X, y)


# ---- sequences ---------------------------------------------------------------


def test_sequences_are_classified_by_their_steps(small, sequences):
    y = np.array([int(x[:, 0].mean() > 0) for x in sequences])
    clf = small(max_epochs=60, learning_rate=0.02).fit(sequences, y)
    assert clf.score(sequences, y) > 0.9
    assert clf.n_features_in_ == 2


def test_features_are_counted_as_they_were_given(small, sequences):
    clf = small().fit(sequences, np.arange(len(sequences)) % 2)
    assert clf.n_features_in_ == sequences[0].shape[1]


def test_an_array_of_sequences_is_a_list_of_them(small):
    X = np.random.default_rng(4).normal(size=(12, 6, 2))
    y = np.arange(12) % 2
    expected = small().fit(list(X), y).predict_proba(list(X))
    np.testing.assert_array_equal(small().fit(X, y).predict_proba(X), expected)


def test_sequence_graph_defines_the_edges_between_steps(small, sequences):
    y = np.arange(20) % 2
    model = make_pipeline(SequenceGraph(connect="causal"), small())
    assert model.fit(sequences, y).predict(sequences).shape == (20,)
    assert cross_val_predict(model, sequences, y, cv=3).shape == (20,)


def test_a_causal_position_is_independent_of_later_steps(small):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(4, 12, 2))
    step = SequenceGraph(connect="causal")
    clf = small().fit(step.fit_transform(X), [0, 1, 0, 1])
    poisoned = X.copy()
    poisoned[:, 7:] = 1e6
    encoder = clf.net_.module_.encoder.eval()
    codes = [
        encoder(**GraphBlock.of(GraphCollection.of(step.transform(x))).whole.inputs)
        for x in (X, poisoned)
    ]
    before, after = (code.detach().reshape(4, 12, -1) for code in codes)
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


# ---- scikit-learn's tools ------------------------------------------------------


def test_lists_pass_through_searches_and_ensembles(small, graphs, classes):
    search = GridSearchCV(small(), {"readout": ["mean", "sum"]}, cv=2)
    assert search.fit(graphs, classes).best_score_ > 0
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(graphs, classes)
    assert calibrated.predict_proba(graphs).shape == (24, 2)
    stack = StackingClassifier(
        [("mean", small(readout="mean")), ("sum", small(readout="sum"))], cv=2
    )
    assert stack.fit(graphs, classes).predict(graphs).shape == (24,)


def test_fold_predictions_are_those_of_a_loop_by_hand(small, graphs, classes):
    folds = [(np.arange(12), np.arange(12, 24)), (np.arange(12, 24), np.arange(12))]
    by_hand = np.empty((24, 2))
    for train, test in folds:
        clf = small().fit([graphs[i] for i in train], classes[train])
        by_hand[test] = clf.predict_proba([graphs[i] for i in test])
    found = cross_val_predict(
        small(), graphs, classes, cv=folds, method="predict_proba"
    )
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


def test_graphs_pass_through_a_pipeline(small, graphs, classes):
    model = make_pipeline(
        NodeTransformer(StandardScaler()),
        PositionalEncoding("random_walk", n_components=4),
        small(),
    )
    scores = cross_val_score(model, graphs, classes, cv=2)
    assert np.isfinite(scores).all()


def test_a_fitted_model_keeps_no_graphs(small, graphs, classes):
    one_batch = partial(small, batch_size=1000)  # the history has a line per batch
    few = len(pickle.dumps(one_batch().fit(graphs, classes)))
    many = len(pickle.dumps(one_batch().fit(graphs * 10, np.tile(classes, 10))))
    assert many < few + 1000


def test_a_model_file_opens_again(small, graphs, classes, tmp_path):
    clf = small().fit(graphs, classes)
    clf.save(tmp_path / "model")
    again = GraphAttentionClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(
        again.predict_proba(graphs), clf.predict_proba(graphs)
    )


# ---- bad input ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (lambda graphs: graphs[0], "fitted on a list of graphs"),
        (lambda graphs: graphs[0].X, "fitted on a list of graphs"),
        (lambda graphs: [graphs[5].X], "fitted on a list of graphs"),
        (lambda graphs: [ring(4, np.ones((4, 2)))], "2 features"),
        (lambda graphs: [ring(4)], "0 features"),
        (lambda graphs: [], "empty"),
    ],
    ids=["graph", "table", "sequences", "narrow", "bare", "empty"],
)
def test_prediction_takes_graphs_like_those_of_fit(
    small, graphs, classes, later, message
):
    clf = small().fit(graphs, classes)
    with pytest.raises(ValueError, match=message):
        clf.predict(later(graphs))


def test_y_must_be_as_long_as_the_list(small, graphs, classes):
    with pytest.raises(ValueError, match=r"one label per .*24.*got 25"):
        small().fit(graphs, np.append(classes, 1))


def test_views_with_targets_are_refused_in_a_list(small, graphs, classes):
    graphs[7] = graphs[7][:3]
    with pytest.raises(ValueError, match=r"graph 7.*subgraph"):
        small().fit(graphs, classes)


# ---- the embedder --------------------------------------------------------------


@pytest.mark.parametrize("readout", ["mean", "sum", "max"])
def test_every_graph_gets_one_row_of_features(small, graphs, readout):
    embedder = small(AttentionEmbedder, n_components=8, readout=readout)
    rows = embedder.fit_transform(graphs)
    assert rows.shape == (24, 8)
    np.testing.assert_array_equal(embedder.transform(graphs), rows)
    alone = np.concatenate([embedder.transform([graph]) for graph in graphs])
    np.testing.assert_allclose(alone, rows, **CLOSE)


def test_embeddings_are_features_for_other_models(
    small, graphs, classes, sequences, table
):
    inputs = [
        (graphs, classes),
        (sequences, np.arange(20) % 2),
        (graphs[-1], graphs[-1].X[:, 0] > 0),
        table,
        ([ring(n) for n in range(3, 9)], [0, 1] * 3),
    ]
    for X, y in inputs:
        model = make_pipeline(
            small(AttentionEmbedder, n_components=8), LogisticRegression()
        )
        assert len(model.fit(X, y).predict(X)) == len(y)


# ---- odd input ---------------------------------------------------------------


def tiny(**parameters):
    return GraphAttentionClassifier(
        max_epochs=1, hidden_dim=4, n_heads=1, random_state=0, **parameters
    )


@pytest.mark.parametrize("when", [pd.Timestamp("2020-01-01"), "2020-01-01", 1j])
def test_columns_of_sequences_must_hold_real_numbers(when):
    frames = [pd.DataFrame({"v": [1.0], "when": [i]}) for i in (0, 1, 2, when)]
    with pytest.raises(TypeError, match=r"Sequence 3 must hold .* in column 'when'"):
        tiny().fit(frames, [0, 1, 0, 1])


def test_time_in_the_last_axis_is_a_warning_of_fit():
    X = np.random.default_rng(0).normal(size=(4, 1, 9))
    with pytest.warns(UserWarning, match=r"look like \(n_features, n_steps\).*axis=2"):
        clf = tiny().fit(X, [0, 1, 0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.predict(X)
        tiny().fit(X.swapaxes(1, 2), [0, 1, 0, 1])


def test_a_recording_of_many_steps_is_a_memory_error_with_a_remedy():
    long = [np.zeros((2_000_000, 1))] * 2
    config = EncoderConfig(max_patches=None)
    with pytest.raises(MemoryError, match=r"2000000 steps.*SequenceGraph\(connect="):
        tiny(encoder=config).fit(long, [0, 1])


def test_patches_of_long_recordings_are_few():
    clf = tiny().fit([np.zeros((20_000, 1))] * 2, [0, 1])
    assert clf.input_summary_["n_nodes"] == 2 * 32


@pytest.mark.parametrize("nothing", [None, "data.csv", {"a": [1, 2]}, 3, iter([1, 2])])
def test_objects_without_rows_are_refused_at_fit_and_predict(nothing):
    message = "X must be an array, a DataFrame, a Graph"
    with pytest.raises(TypeError, match=message):
        tiny().fit(nothing, [0, 1])
    fitted = tiny().fit(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(TypeError, match=message):
        fitted.predict(nothing)
