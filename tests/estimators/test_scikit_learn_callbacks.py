"""Callbacks of scikit-learn (since 1.9) with the estimators."""

from functools import partial

import numpy as np
import pytest

callback = pytest.importorskip("sklearn.callback")


@pytest.fixture
def small(small):
    return partial(small, max_epochs=5)


class Recorder:
    """Callback that records its calls and stops after some epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.heard = []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self.heard.append(f"end {context.task_name}")
        assert fitted_estimator.predict(X).shape == y.shape
        return self.heard.count("end epoch") == self.stop_after


def test_scikit_learns_callbacks_are_called_for_every_epoch_and_at_the_end(
    small, graph, y
):
    recorder = Recorder()
    small(max_epochs=2).set_callbacks(recorder).fit(graph, y)
    assert recorder.heard == [
        "setup",
        "begin fit",
        *["begin epoch", "end epoch"] * 2,
        "end fit",
        "teardown",
    ]


def test_a_callback_is_called_for_the_epoch_in_which_training_stops(small, graph, y):
    recorder = Recorder()
    clf = small(
        max_epochs=50, early_stopping=True, n_iter_no_change=1, learning_rate=0.1
    )
    clf.set_callbacks(recorder).fit(graph, y)
    assert clf.n_iter_ < 50
    assert recorder.heard.count("end epoch") == clf.n_iter_


def test_a_callback_may_stop_the_training(small, graph, y):
    recorder = Recorder(stop_after=3)
    clf = small(early_stopping=False).set_callbacks(recorder).fit(graph, y)
    assert clf.n_iter_ == 3
    assert recorder.heard[-2:] == ["end fit", "teardown"]


def test_a_failed_fit_tears_callbacks_down(small, graph, y):
    recorder = Recorder()
    clf = small(learning_rate=1e30, norm=None, dropout=0.0, max_epochs=20)
    with pytest.raises(ValueError, match="finite"):
        clf.set_callbacks(recorder).fit(graph, y)
    assert recorder.heard[-1] == "teardown"
    assert not hasattr(clf, "net_")


def test_a_scoring_monitor_scores_every_epoch(small, graph, y):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = small(max_epochs=3).set_callbacks(monitor).fit(graph, y)
    rows = monitor.get_logs().data
    by_epoch = [row["accuracy"] for row in rows if row["task_name"] == "epoch"]
    assert len(by_epoch) == 3
    (at_end,) = [row["accuracy"] for row in rows if row["task_name"] == "fit"]
    assert at_end == clf.score(graph, y)


def test_a_scoring_monitor_is_given_the_adjacency(small, table, adjacency):
    def right(estimator, X, y, adjacency):
        return {"right": estimator.score(X, y, adjacency=adjacency)}

    monitor = callback.ScoringMonitor(scoring=right)
    small(max_epochs=2).set_callbacks(monitor).fit(*table, adjacency=adjacency)
    assert [0 <= row["right"] <= 1 for row in monitor.get_logs().data] == [True] * 3


def test_a_progress_bar_runs_to_the_end(small, graph, y, capsys):
    pytest.importorskip("rich", reason="scikit-learn's progress bar needs rich")
    small(max_epochs=2).set_callbacks(callback.ProgressBar()).fit(graph, y)
    assert "GraphAttentionClassifier" in capsys.readouterr().out


def test_callbacks_leave_the_training_as_it_is(small, graph, y):
    plain = small().fit(graph, y)
    monitor = callback.ScoringMonitor(scoring="accuracy")
    watched = small().set_callbacks(monitor).fit(graph, y)
    assert watched.loss_curve_ == plain.loss_curve_
    np.testing.assert_array_equal(
        watched.predict_proba(graph), plain.predict_proba(graph)
    )
