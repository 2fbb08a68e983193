"""Kinds of labels: classes, indicators, numbers; weights; unknown entries."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import cross_val_score

from skattn import Graph, GraphAttentionRegressor
from skattn.graph import LabelledFold


@pytest.fixture
def small(small):
    return partial(small, max_epochs=15, hidden_dim=16)


# ---- classes -----------------------------------------------------------------


def test_several_classes_get_probabilities_that_sum_to_one(small, table):
    X, _ = table
    y = np.digitize(X[:, 0], [-0.5, 0.5]) * 10
    clf = small(max_epochs=60, learning_rate=0.02).fit(X, y)
    np.testing.assert_array_equal(clf.classes_, [0, 10, 20])
    proba = clf.predict_proba(X)
    assert proba.shape == (40, 3)
    np.testing.assert_allclose(proba.sum(1), 1, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(1)])
    assert clf.score(X, y) == accuracy_score(y, clf.predict(X)) > 0.7


@pytest.mark.parametrize("dtype", [str, object, "category", "string", bool, float])
def test_classes_keep_their_kind(small, table, dtype):
    X, y = table
    words = np.array(["no", "yes"])[y]
    labels = {
        str: words,
        object: words.astype(object),
        "category": pd.Series(words, dtype="category"),
        "string": pd.Series(words, dtype="string"),
        bool: y.astype(bool),
        float: y.astype(float),
    }[dtype]
    clf = small(max_epochs=40).fit(X, labels)
    assert set(clf.predict(X)) == set(np.unique(np.asarray(labels)))
    assert clf.score(X, labels) > 0.9
    np.testing.assert_array_equal(
        clf.predict_proba(X), small(max_epochs=40).fit(X, y).predict_proba(X)
    )


def test_minus_one_and_one_are_ordinary_labels(small, table):
    X, y = table
    clf = small().fit(X, 2 * y - 1)
    np.testing.assert_array_equal(clf.classes_, [-1, 1])


def test_a_column_of_classes_is_taken_with_a_warning(small, table):
    X, y = table
    with pytest.warns(DataConversionWarning):
        clf = small(max_epochs=2).fit(X, y[:, None])
    assert clf.predict(X).shape == (40,)


# ---- labels ------------------------------------------------------------------


@pytest.fixture
def labels(table):
    return (table[0] > 0).astype(int)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_matrix])
def test_an_indicator_matrix_is_learned_label_by_label(small, table, labels, container):
    X, _ = table
    clf = small(max_epochs=60, learning_rate=0.02).fit(X, container(labels))
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    proba = clf.predict_proba(X)
    assert proba.shape == labels.shape
    assert ((proba >= 0) & (proba <= 1)).all()
    assert np.abs(proba.sum(1) - 1).max() > 0.1  # independent probabilities
    np.testing.assert_array_equal(clf.predict(X), proba > 0.5)
    assert (clf.predict(X) == labels).mean() > 0.8
    assert clf.score(X, container(labels)) == accuracy_score(labels, clf.predict(X))


def test_labels_may_be_unknown_entry_by_entry(small, table, labels):
    X, _ = table
    gaps = labels.copy()
    gaps[::2, 1] = -1
    gaps[5] = -1
    params = {"unlabeled": -1, "early_stopping": False}
    clf = small(**params).fit(X, gaps)
    other = small(**params).fit(X, np.where(gaps == -1, -1, labels))
    assert clf.predict(X).shape == labels.shape
    assert clf.loss_curve_ == other.loss_curve_
    proba = clf.predict_proba(X)
    known = gaps != -1
    first = small(max_epochs=1, dropout=0.0, **params).fit(X, gaps).loss_curve_[0]
    assert np.isfinite(first)
    right = ((proba > 0.5) == gaps) | ~known
    assert clf.score(X, gaps) == right[known.any(1)].all(1).mean()


# ---- numbers -----------------------------------------------------------------


def test_predictions_of_a_regressor_are_in_the_units_of_y(small, table):
    X, _ = table
    y = 1e4 + 500 * X[:, 0]
    reg = small(GraphAttentionRegressor, max_epochs=60, learning_rate=0.02).fit(X, y)
    assert reg.score(X, y) == r2_score(y, reg.predict(X)) > 0.7
    assert reg.loss_curve_[-1] < 1  # of standardised y


def test_units_of_y_change_nothing_else(small, table):
    X, _ = table
    params = {"early_stopping": False}
    reg = small(GraphAttentionRegressor, **params).fit(X, X[:, 0])
    other = small(GraphAttentionRegressor, **params).fit(X, 1000 * X[:, 0] - 5)
    np.testing.assert_allclose(
        other.predict(X), 1000 * reg.predict(X) - 5, rtol=1e-3, atol=0.5
    )


def test_several_numbers_are_learned_at_once(small, table):
    X, _ = table
    y = X[:, :2] * [1, 1000]
    reg = small(GraphAttentionRegressor, max_epochs=60, learning_rate=0.02).fit(X, y)
    assert reg.predict(X).shape == (40, 2)
    assert (r2_score(y, reg.predict(X), multioutput="raw_values") > 0.5).all()


def test_one_column_of_numbers_stays_a_column(small, table):
    X, _ = table
    reg = small(GraphAttentionRegressor, max_epochs=2).fit(X, X[:, :1])
    assert reg.predict(X).shape == (40, 1)


def test_a_constant_is_learned(small, table):
    X, _ = table
    reg = small(GraphAttentionRegressor).fit(X, np.full(40, 3.0))
    assert np.abs(reg.predict(X) - 3).max() < 1


def test_nan_marks_unknown_numbers_entry_by_entry(small, table):
    X, _ = table
    y = X[:, :2].copy()
    y[::3, 0] = np.nan
    y[4] = np.nan
    params = {"unlabeled": float("nan"), "early_stopping": False}
    reg = small(GraphAttentionRegressor, **params).fit(X, y)
    assert np.isfinite(reg.predict(X)).all()
    rows = np.isfinite(y).all(1)
    assert reg.score(X, y) == r2_score(y[rows], reg.predict(X)[rows])


# ---- unknown classes ---------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "mark"),
    [
        ([0, 1], -1),
        (["no", "yes"], "?"),
        (np.array(["no", "yes"], dtype=object), None),
        ([0.0, 1.0], float("nan")),
    ],
)
def test_unlabelled_nodes_give_no_loss_and_are_no_class(small, graph, y, classes, mark):
    truth = np.asarray(classes)[y]
    if mark is None:
        mark = "unknown"
        truth = truth.astype(object)
    partial = truth.copy()
    hidden = np.arange(0, 40, 3)
    partial[hidden] = mark
    # dropout in front of the head draws for targets, which unlabelled nodes are
    params = {"early_stopping": False, "dropout": 0.0}
    clf = small(unlabeled=mark, **params).fit(graph, partial)
    assert list(clf.classes_) == list(classes)
    seen = np.setdiff1d(np.arange(40), hidden)
    same = small(**params).fit(graph[seen], truth[seen])
    assert clf.loss_curve_ == pytest.approx(same.loss_curve_, rel=1e-5)
    np.testing.assert_allclose(
        clf.predict_proba(graph), same.predict_proba(graph), rtol=1e-4, atol=1e-5
    )
    assert clf.score(graph, partial) == pytest.approx(
        accuracy_score(truth[seen], clf.predict(graph[seen]))
    )


def test_nan_words_can_be_unknown(small, table):
    X, y = table
    words = pd.Series(np.array(["no", "yes"])[y], dtype="str")
    words[::4] = np.nan
    clf = small(unlabeled=float("nan"), max_epochs=2).fit(X, words)
    assert list(clf.classes_) == ["no", "yes"]


def test_held_out_rows_are_labelled_ones(small, graph, y):
    partial = np.where(np.arange(40) % 2, y, -1)
    clf = small(unlabeled=-1, early_stopping=0.3).fit(graph, partial)
    assert np.isfinite(clf.validation_curve_).all()


def test_class_weight_counts_labelled_rows_only(small, graph, y):
    partial = np.where(np.arange(40) % 2, y, -1)
    seen = np.flatnonzero(partial >= 0)
    params = {"class_weight": "balanced", "early_stopping": False, "dropout": 0.0}
    clf = small(unlabeled=-1, **params).fit(graph, partial)
    same = small(**params).fit(graph[seen], y[seen])
    assert clf.loss_curve_ == pytest.approx(same.loss_curve_, rel=1e-5)


def test_labelled_fold_leaves_unlabelled_rows_out_of_scores(small, graph, y):
    partial = np.where(np.arange(40) % 2, y, -1)
    scores = cross_val_score(
        small(unlabeled=-1, max_epochs=3), graph, partial, cv=LabelledFold(2)
    )
    assert np.isfinite(scores).all()


# ---- weights -----------------------------------------------------------------


def test_a_weight_of_zero_is_an_unlabelled_row(small, graph, y):
    weight = (np.arange(40) % 3 > 0).astype(float)
    params = {"early_stopping": False}
    weighted = small(**params).fit(graph, y, sample_weight=weight)
    partial = np.where(weight > 0, y, -1)
    unlabelled = small(unlabeled=-1, **params).fit(graph, partial)
    assert weighted.loss_curve_ == unlabelled.loss_curve_


def test_only_the_proportion_of_weights_counts(small, graph, y):
    weight = np.linspace(1, 2, 40)
    params = {"early_stopping": False}
    one = small(**params).fit(graph, y, sample_weight=weight)
    ten = small(**params).fit(graph, y, sample_weight=10 * weight)
    assert one.loss_curve_ == pytest.approx(ten.loss_curve_, rel=1e-4)
    assert one.loss_curve_ != small(**params).fit(graph, y).loss_curve_


def test_rows_of_weight_zero_are_not_held_out(small, graph, y):
    weight = np.zeros(40)
    weight[:20] = 1
    clf = small(early_stopping=0.2).fit(graph, y, sample_weight=weight)
    assert np.isfinite(clf.validation_curve_).all()


def test_a_regressor_standardises_with_the_weights(small, table, adjacency):
    X, _ = table
    graph = Graph(adjacency, X)
    y = X[:, 0].copy()
    weight = np.ones(40)
    y[7], weight[7] = 1e6, 0  # weight 0 in the loss and in the scale
    reg = small(GraphAttentionRegressor, max_epochs=40, early_stopping=False)
    reg.fit(graph, y, sample_weight=weight)
    assert np.abs(reg.predict(graph)).max() < 10


def test_score_takes_weights(small, graph, y, table):
    X, _ = table
    weight = np.linspace(0, 1, 40)
    clf = small(max_epochs=3).fit(graph, y)
    assert clf.score(graph, y, weight) == pytest.approx(
        accuracy_score(y, clf.predict(graph), sample_weight=weight)
    )
    reg = small(GraphAttentionRegressor, max_epochs=3).fit(graph, X[:, 0])
    assert reg.score(graph, X[:, 0], weight) == pytest.approx(
        r2_score(X[:, 0], reg.predict(graph), sample_weight=weight)
    )
