"""Validation with the parameter ``scoring``."""

import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    roc_auc_score,
)

from skattn import Graph, GraphAttentionClassifier, GraphAttentionRegressor
from skattn.estimators import _transaction


@pytest.fixture
def small(small):
    return partial(small, max_epochs=25, hidden_dim=16, learning_rate=0.05)


def scores(estimator):
    return np.array(estimator.net_.history[:, "valid_score"])


@pytest.fixture
def noisy(y):
    """Labels of which four in ten are wrong."""
    wrong = np.random.default_rng(0).random(len(y)) < 0.4
    return np.where(wrong, 1 - y, y)


def test_the_epoch_of_the_highest_score_is_kept(small, graph, noisy):
    view, answers = graph[20:], noisy[20:]
    clf = small(scoring="roc_auc", max_epochs=50)
    clf.fit(graph[:20], noisy[:20], X_val=view, y_val=answers)
    kept = roc_auc_score(answers, clf.predict_proba(view)[:, 1])
    assert kept == scores(clf).max() > scores(clf)[-1]


def test_another_score_keeps_another_epoch(small, graph, noisy):
    view, answers = graph[20:], noisy[20:]
    of_loss, of_accuracy = (
        small(scoring=scoring).fit(graph[:20], noisy[:20], X_val=view, y_val=answers)
        for scoring in ("neg_log_loss", None)
    )
    losses = [
        log_loss(answers, clf.predict_proba(view)) for clf in (of_loss, of_accuracy)
    ]
    assert losses[0] == pytest.approx(min(-scores(of_loss)))
    assert losses[0] < losses[1]
    assert of_loss.score(view, answers) < of_accuracy.score(view, answers)


def test_training_goes_on_while_the_score_grows(small, graph, y):
    # a score that counts its own calls never stops growing
    calls = []

    def patient(estimator, X, y):
        calls.append(len(X))
        return float(len(calls))

    noise = np.random.default_rng(0).permutation(y)
    given = {"X_val": graph[30:], "y_val": noise[30:]}
    clf = small(n_iter_no_change=2, max_epochs=60)
    assert clf.fit(graph[:30], y[:30], **given).n_iter_ < 60
    assert (
        clf.set_params(scoring=patient).fit(graph[:30], y[:30], **given).n_iter_ == 60
    )
    assert calls == [10] * 61  # one more as a check


def test_labels_reach_the_scorer_as_the_user_wrote_them(small, graph, noisy):
    words = np.where(noisy == 1, "yes", "no")
    view, answers = graph[20:], words[20:]
    scorer = make_scorer(f1_score, pos_label="yes")
    clf = small(scoring=scorer)
    clf.fit(graph[:20], words[:20], X_val=view, y_val=answers)
    assert scorer(clf, view, answers) == scores(clf).max()


def test_rows_held_out_are_scored(small, table):
    X, y = table
    clf = small(scoring="neg_log_loss", early_stopping=0.25).fit(X, y)
    losses = np.array(clf.validation_curve_)
    np.testing.assert_allclose(scores(clf), -losses, rtol=1e-5)


def test_a_regressor_is_scored_in_the_units_of_y(small, graph, table):
    y = 1000 + 50 * table[0]
    reg = small(GraphAttentionRegressor, scoring="neg_mean_absolute_error")
    reg.fit(graph[:20], y[:20], X_val=graph[20:], y_val=y[20:])
    error = mean_absolute_error(y[20:], reg.predict(graph[20:]))
    assert scores(reg).max() == pytest.approx(-error, rel=1e-9)


def test_unknown_labels_are_left_out(small, graph, noisy):
    view, answers = graph[20:], noisy[20:].copy()
    answers[::3] = -1
    known = answers != -1
    clf = small(scoring="average_precision", unlabeled=-1)
    clf.fit(graph[:20], noisy[:20], X_val=view, y_val=answers)
    probability = clf.predict_proba(view)[known, 1]
    expected = average_precision_score(answers[known], probability)
    assert scores(clf).max() == expected


def test_rows_with_an_unknown_label_are_left_out(small, graph, noisy):
    Y = np.column_stack([noisy, 1 - noisy])
    Y[25:30, 1] = -1
    clf = small(scoring="f1_micro", unlabeled=-1)
    clf.fit(graph[:20], Y[:20], X_val=graph[20:], y_val=Y[20:])
    rows = np.r_[20:25, 30:40]
    expected = f1_score(Y[rows], clf.predict(graph[rows]), average="micro")
    assert scores(clf).max() == expected


@pytest.mark.parametrize("held_out", [True, False])
def test_scores_use_sample_weight_but_not_class_weight(small, graph, noisy, held_out):
    weight = np.random.default_rng(0).random(40)
    seen = []

    def spy(estimator, X, y, sample_weight=None):
        seen.append(sample_weight)
        return 0.5

    clf = small(scoring=spy, class_weight={0: 1, 1: 7}, max_epochs=2)
    if held_out:
        clf.set_params(early_stopping=0.5).fit(graph, noisy, weight)
        assert len(seen[0]) == 20
        assert set(seen[0]) <= set(weight)
    else:
        given = {"X_val": graph[20:], "y_val": noisy[20:]}
        clf.fit(graph[:20], noisy[:20], sample_weight_val=weight[20:], **given)
        np.testing.assert_array_equal(seen[0], weight[20:])
        seen.clear()
        clf.fit(graph[:20], noisy[:20], weight[:20], **given)
        assert seen == [None] * 3


@pytest.mark.parametrize("kind", ["graphs", "sequences"])
def test_lists_are_scored_over_all_batches(small, kind):
    rng = np.random.default_rng(0)
    sizes = rng.integers(3, 6, 30)
    items = [rng.normal(size=(n, 2)) for n in sizes]
    y = (sizes > 3).astype(int)
    if kind == "graphs":
        items = [Graph(np.ones((len(X), len(X))), X) for X in items]
    clf = small(scoring="roc_auc", batch_size=4, max_epochs=5)
    clf.fit(items[:15], y[:15], X_val=items[15:], y_val=y[15:])
    probability = clf.predict_proba(items[15:])[:, 1]
    assert scores(clf).max() == pytest.approx(roc_auc_score(y[15:], probability))


def test_without_early_stopping_the_score_is_only_recorded(small, graph, noisy):
    given = {"X_val": graph[20:], "y_val": noisy[20:]}
    clf = small(scoring="roc_auc", early_stopping=False)
    clf.fit(graph[:20], noisy[:20], **given)
    auc = roc_auc_score(noisy[20:], clf.predict_proba(graph[20:])[:, 1])
    assert auc == scores(clf)[-1] < scores(clf).max()


def test_without_validation_scoring_is_not_called(small, graph, y):
    def never(estimator, X, y):
        raise AssertionError

    small(scoring=never, max_epochs=2, early_stopping=False).fit(graph, y)


def test_estimator_is_cloned_and_pickled_with_it(small, graph, noisy, tmp_path):
    clf = small(scoring="roc_auc", early_stopping=0.5, max_epochs=3)
    clf.fit(graph, noisy)
    assert clone(clf).scoring == "roc_auc"
    assert pickle.loads(pickle.dumps(clf)).scoring == "roc_auc"
    clf.save(tmp_path / "model")
    assert GraphAttentionClassifier.load(tmp_path / "model").scoring == "roc_auc"


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("auc", "'scoring' parameter"),
        (f1_score, "make_scorer"),
        ("r2", "scoring='r2' must give one number on the 20 .*string"),
        ("roc_auc", "must give one number .*Choose a score"),
        (lambda estimator, X, y: [1.0], r"must give one number .*got \[1.0\]"),
        (lambda estimator, X, y: np.nan, "must give one number .*got nan"),
    ],
    ids=["unknown name", "metric", "numbers", "two classes", "list", "nan"],
)
def test_an_unsuitable_score_fails_before_training(
    small, graph, y, scoring, message, monkeypatch
):
    def must_not_train(*args, **kwargs):
        raise AssertionError("training started")

    words = np.array(["a", "b", "c"])[y + (np.arange(40) % 5 == 0)]
    monkeypatch.setattr(_transaction, "train", must_not_train)
    with pytest.raises(ValueError, match=message):
        small(scoring=scoring).fit(
            graph[:20], words[:20], X_val=graph[20:], y_val=words[20:]
        )


@pytest.mark.filterwarnings("ignore:Only one class")
def test_one_class_in_validation_fails_before_training_where_two_are_needed(
    small, graph, y
):
    ones = graph[np.flatnonzero(y)]
    with pytest.raises(ValueError, match=r"must give one number .*X_val"):
        small(scoring="roc_auc").fit(graph, y, X_val=ones, y_val=y[y == 1])


def test_score_of_probabilities_fails_before_training_of_a_regressor(small, graph):
    reg = small(GraphAttentionRegressor, scoring="neg_log_loss")
    y = np.arange(40.0)
    with pytest.raises(ValueError, match=r"must give one number .*predict_proba"):
        reg.fit(graph[:20], y[:20], X_val=graph[20:], y_val=y[20:])
