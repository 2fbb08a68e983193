"""Early stopping and validation data."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from skattn import Graph, GraphAttentionRegressor
from skattn._batch import _collate
from skattn.graph._self_loops import MissingLoops


@pytest.fixture
def small(small):
    return partial(small, max_epochs=15, hidden_dim=16)


@pytest.mark.parametrize(
    ("early_stopping", "n_rows", "validates"),
    [
        ("auto", 40, False),
        (True, 12, True),
        (np.True_, 12, True),
        (0.5, 12, True),
        (False, 40, False),
        (np.False_, 40, False),
    ],
)
def test_early_stopping_holds_rows_out(
    small, graph, y, early_stopping, n_rows, validates
):
    clf = small(early_stopping=early_stopping).fit(graph[:n_rows], y[:n_rows])
    assert (clf.validation_curve_ is not None) == validates
    if validates:
        assert len(clf.validation_curve_) == clf.n_iter_


def test_rows_are_held_out_by_default_from_two_thousand_labelled_rows(small):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    reg = small(GraphAttentionRegressor, max_epochs=2)
    assert reg.fit(X, X[:, 0]).validation_curve_ is not None
    assert reg.fit(X[:1999], X[:1999, 0]).validation_curve_ is None


def test_rows_are_held_out_by_default_if_every_class_has_ten_rows(small):
    X = np.random.default_rng(0).normal(size=(2000, 2))
    for rarest, validates in ((9, False), (10, True)):
        y = (np.arange(2000) < rarest).astype(int)
        clf = small(max_epochs=2).fit(X, y)
        assert (clf.validation_curve_ is not None) == validates


def test_training_stops_when_nothing_improves(small, graph, y):
    noise = np.random.default_rng(0).permutation(y)
    clf = small(max_epochs=200, n_iter_no_change=2, learning_rate=0.05)
    clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=noise[30:])
    assert clf.n_iter_ < 200


def test_the_best_weights_are_the_ones_kept(small, graph, y):
    noise = np.random.default_rng(1).permutation(y)
    clf = small(max_epochs=60, n_iter_no_change=5, learning_rate=0.05)
    clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=noise[30:])
    history = clf.net_.history
    scores = np.array(history[:, "valid_score"])
    losses = np.array(history[:, "valid_loss"])
    best = np.lexsort((losses, -scores))[0]
    assert best < clf.n_iter_ - 1
    held_out = clf.predict_proba(graph[30:])
    assert log_loss(noise[30:], held_out) == pytest.approx(losses[best], rel=1e-4)


def test_without_early_stopping_the_last_weights_are_kept(small, graph, y):
    noise = np.random.default_rng(1).permutation(y)
    clf = small(n_iter_no_change=1, early_stopping=False, learning_rate=0.05)
    clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=noise[30:])
    assert clf.n_iter_ == 15
    assert log_loss(noise[30:], clf.predict_proba(graph[30:])) == pytest.approx(
        clf.validation_curve_[-1], rel=1e-4
    )


def test_validating_on_a_view_of_the_graph_changes_no_training(small, graph, y):
    plain = small(early_stopping=False).fit(graph[:30], y[:30])
    clf = small(early_stopping=False)
    clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=y[30:])
    assert clf.loss_curve_ == plain.loss_curve_


def test_a_view_of_the_same_graph_shares_its_batch(small, graph, y, monkeypatch):
    made = []

    class Counting(MissingLoops):
        @classmethod
        def of(cls, adjacency):
            made.append(adjacency)
            return MissingLoops.of(adjacency)

    monkeypatch.setattr(_collate, "MissingLoops", Counting)
    small(max_epochs=1).fit(graph[:30], y[:30], X_val=graph[30:], y_val=y[30:])
    assert len(made) == 1


def test_another_graph_validates_in_its_own_pass(small, graph, y, table, adjacency):
    other = Graph(adjacency.T, table[0])
    clf = small(n_iter_no_change=100).fit(graph, y, X_val=other, y_val=y)
    copy = small(n_iter_no_change=100).fit(
        graph, y, X_val=Graph(adjacency.T, table[0]), y_val=y
    )
    assert clf.validation_curve_ == copy.validation_curve_
    best = np.argmin(clf.validation_curve_)
    if clf.net_.history[int(best), "valid_score"] == max(
        clf.net_.history[:, "valid_score"]
    ):
        assert log_loss(y, clf.predict_proba(other)) == pytest.approx(
            clf.validation_curve_[best], rel=1e-4
        )


def test_a_table_validates_on_new_rows(small, table):
    X, y = table
    clf = small(n_iter_no_change=100, early_stopping=False)
    clf.fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    assert log_loss(y[30:], clf.predict_proba(X[30:])) == pytest.approx(
        clf.validation_curve_[-1], rel=1e-4
    )


def test_a_table_that_joins_by_name_validates_as_it_would_predict(
    small, table, adjacency
):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abc"), index=[f"n{i}" for i in range(40)])
    graph = Graph(adjacency, nodes=frame.index)
    clf = small(graph=graph, early_stopping=False)
    clf.fit(frame[:30], y[:30], X_val=frame[30:], y_val=y[30:])
    assert log_loss(y[30:], clf.predict_proba(frame[30:])) == pytest.approx(
        clf.validation_curve_[-1], rel=1e-4
    )


def test_validation_has_weights_and_unknown_entries_too(small, graph, y):
    weight = np.arange(10.0)
    clf = small(early_stopping=False, unlabeled=-1)
    y_val = y[30:].copy()
    y_val[0] = -1
    clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=y_val, sample_weight_val=weight)
    expected = log_loss(y[31:], clf.predict_proba(graph[31:]), sample_weight=weight[1:])
    assert clf.validation_curve_[-1] == pytest.approx(expected, rel=1e-4)


def test_validation_labels_may_be_words_or_numbers(small, graph, y, table):
    words = np.array(["no", "yes"])[y]
    clf = small(max_epochs=2)
    clf.fit(graph[:30], words[:30], X_val=graph[30:], y_val=list(words[30:]))
    assert len(clf.validation_curve_) == 2
    numbers = table[0][:, :2]
    reg = small(GraphAttentionRegressor, max_epochs=2)
    reg.fit(graph[:30], numbers[:30], X_val=graph[30:], y_val=numbers[30:])
    assert len(reg.validation_curve_) == 2


def test_held_out_rows_of_a_table_attend_as_new_rows_do(small, table):
    X, y = table
    clf = small(early_stopping=0.25, max_epochs=1, learning_rate=1e-6, dropout=0.0)
    clf.fit(X, y)
    # learning next to nothing, the two losses see the same weights, other targets
    assert abs(clf.validation_curve_[0] - clf.loss_curve_[0]) < 1


def test_held_out_rows_depend_on_the_random_state(small, graph, y):
    curves = [
        small(random_state=seed, early_stopping=0.3).fit(graph, y).validation_curve_
        for seed in (0, 0, 1)
    ]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


def test_class_weight_counts_in_validation_too(small, graph, y):
    clf = small(class_weight={0: 1, 1: 9}, early_stopping=False)
    clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=y[30:])
    expected = log_loss(
        y[30:],
        clf.predict_proba(graph[30:]),
        sample_weight=np.where(y[30:] == 1, 9, 1),
    )
    assert clf.validation_curve_[-1] == pytest.approx(expected, rel=1e-4)


def test_class_weights_are_those_of_y_even_if_y_val_lacks_a_class(small, graph, y):
    clf = small(class_weight={1: 5.0}, max_epochs=1)
    some = np.flatnonzero(y == 0)[:4]
    clf.fit(graph, y, X_val=graph[some], y_val=y[some])
    assert len(clf.validation_curve_) == 1
