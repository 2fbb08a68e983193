import math

import pytest
import torch
from skorch.history import History
from torch import nn

from skattn._training import TaskReport
from skattn._training._callbacks import (
    KeepBest,
    ScoreValidation,
    StopIfDiverged,
    StopIfIdle,
    StopTraining,
)


class FakeNet:
    """Net with a module and a history."""

    def __init__(self):
        self.module_ = nn.Linear(1, 1)
        self.history = History()

    def end_epoch(self, **values):
        self.history.new_epoch()
        for name, value in values.items():
            self.history.record(name, value)
        with torch.no_grad():  # the weight is the number of its epoch
            self.module_.weight.fill_(len(self.history))


def run(epochs, patience=100):
    """Train through (loss, score) pairs; return the net and whether it was stopped."""
    net, keep = FakeNet(), KeepBest()
    stop, stopped = StopIfIdle(keep, patience), False
    keep.on_train_begin(net)
    for loss, score in epochs:
        net.end_epoch(valid_loss=loss, valid_score=score)
        keep.on_epoch_end(net)
        try:
            stop.on_epoch_end(net)
        except StopTraining:
            stopped = True
            break
    keep.on_train_end(net)
    return net, stopped


def best_epoch(epochs):
    net, _ = run(epochs)
    return net.module_.weight.item()


def test_weights_of_the_highest_score_are_restored():
    assert best_epoch([(1.0, 0.5), (0.9, 0.8), (0.1, 0.7)]) == 2


def test_among_equal_scores_the_lowest_loss_counts():
    assert best_epoch([(0.5, 0.8), (0.3, 0.8), (0.4, 0.8)]) == 2


def test_among_equals_the_first_counts():
    assert best_epoch([(0.5, 0.8), (0.5, 0.8)]) == 1


def test_training_stops_after_patience_epochs_without_progress():
    flat = [(1.0, 0.5)] * 10
    net, stopped = run([(2.0, 0.4), *flat], patience=3)
    assert stopped
    assert len(net.history) == 2 + 3


@pytest.mark.parametrize("better", [(0.9, 0.5), (1.0, 0.6)], ids=["loss", "score"])
def test_a_better_loss_or_a_better_score_is_progress(better):
    epochs = [(1.0, 0.5)] * 3 + [better] + [(1.0, 0.5)] * 10
    net, stopped = run(epochs, patience=3)
    assert stopped
    assert len(net.history) == 4 + 3


def test_loss_and_score_may_peak_in_different_epochs():
    # the lowest loss comes with a worse score: progress, but not the best weights
    net, _ = run([(1.0, 0.9), (0.5, 0.6), (0.8, 0.8)])
    assert net.module_.weight.item() == 1
    # 0.8 and 0.8 beat neither peak
    net, stopped = run([(1.0, 0.9), (0.5, 0.6), (0.8, 0.8)], patience=1)
    assert stopped
    assert len(net.history) == 3


def test_training_that_keeps_improving_is_not_stopped():
    net, stopped = run([(1 / k, 0.5) for k in range(1, 20)], patience=1)
    assert not stopped
    assert net.module_.weight.item() == 19


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_epoch_with_non_finite_loss_is_never_the_best(bad):
    assert best_epoch([(1.0, 0.5), (bad, 0.9), (bad, bad)]) == 1


def test_epoch_with_non_finite_loss_does_not_hide_later_progress():
    epochs = [(math.nan, math.nan), (1.0, 0.5), (0.9, 0.6), (0.8, 0.7)]
    net, stopped = run(epochs, patience=2)
    assert not stopped
    assert net.module_.weight.item() == 4


@pytest.mark.parametrize(("digits", "best"), [(5, 2), (None, 1)])
def test_scores_equal_up_to_the_digits_are_ranked_by_the_loss(digits, best):
    net, keep = FakeNet(), KeepBest(digits)
    keep.on_train_begin(net)
    for loss, score in [(1.0, 0.5000001), (0.9, 0.5)]:
        net.end_epoch(valid_loss=loss, valid_score=score)
        keep.on_epoch_end(net)
    keep.on_train_end(net)
    assert net.module_.weight.item() == best


def test_epoch_with_non_finite_score_is_ranked_by_its_loss():
    epochs = [(1.0, math.nan), (0.9, math.nan), (0.95, math.nan)]
    assert best_epoch(epochs) == 2
    assert best_epoch([*epochs, (2.0, 0.1), (0.1, math.nan)]) == 4
    _, stopped = run(epochs, patience=2)
    assert not stopped


def test_score_is_of_all_validation_outputs_of_an_epoch():
    net, scored = FakeNet(), []

    def score(outputs):
        scored.append(outputs.tolist())
        return outputs.sum()

    callback = ScoreValidation(score)
    callback.on_train_begin(net)
    for first in (1.0, 5.0, 3.0):
        callback.on_epoch_begin(net)
        callback.on_batch_end(net, None, training=True, y_pred=torch.tensor([[99.0]]))
        for value in (first, 2.0):
            output = torch.tensor([[value]])
            callback.on_batch_end(net, None, training=False, y_pred=output)
        net.end_epoch(valid_score=0.0)
        callback.on_epoch_end(net)
    assert scored == [[[1.0], [2.0]], [[5.0], [2.0]], [[3.0], [2.0]]]
    assert net.history[:, "valid_score"] == [3.0, 7.0, 5.0]
    assert net.history[:, "valid_score_best"] == [True, True, False]


def test_kept_weights_are_a_copy_and_forgotten_at_the_end():
    net, keep = FakeNet(), KeepBest()
    keep.on_train_begin(net)
    net.end_epoch(valid_loss=1.0, valid_score=0.5)
    keep.on_epoch_end(net)
    net.end_epoch(valid_loss=2.0, valid_score=0.1)
    assert keep.weights_["weight"].item() == 1
    keep.on_train_end(net)
    assert keep.weights_ is None


def test_second_training_resets_the_state_of_the_first():
    net, keep = FakeNet(), KeepBest()
    for _ in range(2):
        keep.on_train_begin(net)
        net.end_epoch(valid_loss=1.0, valid_score=0.5)
        keep.on_epoch_end(net)
        assert keep.idle_ == 0
        keep.on_train_end(net)
    assert net.module_.weight.item() == 2


def test_interrupt_before_the_first_epoch_leaves_the_weights():
    net, keep = FakeNet(), KeepBest()
    before = net.module_.weight.clone()
    keep.on_train_begin(net)
    keep.on_train_end(net)
    assert torch.equal(net.module_.weight, before)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_non_finite_loss_ends_training(loss):
    net, stop = FakeNet(), StopIfDiverged()
    net.end_epoch(train_loss=0.5)
    stop.on_epoch_end(net)
    net.end_epoch(train_loss=loss)
    message = f"must stay finite, but became {loss} in epoch 2.*learning_rate"
    with pytest.raises(ValueError, match=message):
        stop.on_epoch_end(net)


class FakeContext:
    """Counts scikit-learn's tasks; stops at the end of task `stop_at`."""

    def __init__(self, stop_at=None):
        self.stop_at, self.events = stop_at, []

    def subcontext(self, task_name):
        self.events.append(("new", task_name))
        return self

    def call_on_fit_task_begin(self, **about):
        self.events.append(("begin", about))

    def call_on_fit_task_end(self, *, reconstruction_attributes, **about):
        self.events.append(("end", about, reconstruction_attributes()))
        ended = sum(event[0] == "end" for event in self.events)
        return ended == self.stop_at


def test_every_epoch_is_a_task_with_the_attributes_of_its_end():
    context, net = FakeContext(), FakeNet()
    about = {"estimator": "clf", "X": 1, "y": 2}
    report = TaskReport(context, about, lambda net: {"n_iter_": len(net.history)})
    for _ in range(2):
        report.on_epoch_begin(net)
        net.end_epoch()
        report.on_epoch_end(net)
    epoch = [("new", "epoch"), ("begin", about)]
    assert context.events == [
        *epoch,
        ("end", about, {"n_iter_": 1}),
        *epoch,
        ("end", about, {"n_iter_": 2}),
    ]


def test_a_callback_of_sklearn_can_stop_training():
    report = TaskReport(FakeContext(stop_at=1), {}, lambda net: {})
    report.on_epoch_begin(FakeNet())
    with pytest.raises(KeyboardInterrupt):
        report.on_epoch_end(FakeNet())
