import copy

import pytest
import torch
from skorch.callbacks import EpochTimer, PassthroughScoring
from skorch.history import History

from skattn._training._history import EpochHistory, EpochSummary, read_numbers

EPOCHS = [
    [
        {"train_loss": 2.0, "train_batch_size": 3},
        {"train_loss": 1.0, "train_batch_size": 1},
    ],
    [{"train_loss": 0.1, "train_batch_size": 3}],
]
VALIDATION = [
    {"valid_loss": 1.0, "valid_score": 0.5, "valid_batch_size": 7},
    {"valid_loss": 2.0, "valid_score": 0.4, "valid_batch_size": 7},
]
SKORCH = [
    EpochTimer(),
    PassthroughScoring("train_loss", on_train=True),
    PassthroughScoring("valid_loss"),
    PassthroughScoring("valid_score", lower_is_better=False),
]


class FakeNet:
    def __init__(self, history):
        self.history = history


def run(callbacks, epochs, history):
    net = FakeNet(history)
    for callback in callbacks:
        callback.initialize()
        callback.on_train_begin(net, X=None, y=None)
    for batches in copy.deepcopy(epochs):
        history.new_epoch()
        for callback in callbacks:
            callback.on_epoch_begin(net)
        history[-1]["batches"].extend(batches)
        for callback in callbacks:
            callback.on_epoch_end(net)
    for epoch in history:
        assert epoch.pop("dur") >= 0
    return list(history)


@pytest.mark.parametrize("validated", [True, False])
def test_the_epoch_summary_equals_skorchs(validated):
    epochs = [
        [*batches, *([held] if validated else [])]
        for batches, held in zip(EPOCHS, VALIDATION, strict=True)
    ]
    ours = run([EpochSummary()], epochs, EpochHistory())
    for epoch, theirs in zip(ours, run(SKORCH, epochs, History()), strict=True):
        assert epoch.pop("batches") == theirs.pop("batches")
        assert epoch == pytest.approx(theirs)
    assert ours[0]["train_loss"] == 1.75
    assert ours[1]["train_loss_best"]
    assert ("valid_score_best" in ours[1]) == validated


def test_a_second_training_resets_the_best_values():
    summary = EpochSummary()
    run([summary], [EPOCHS[1]], EpochHistory())
    (epoch,) = run([summary], [EPOCHS[0]], EpochHistory())
    assert epoch["train_loss_best"]


def test_history_is_indexed_like_skorchs():
    history = EpochHistory([{"batches": [], "loss": k} for k in range(3)])
    assert history[-1] is list(history)[-1]
    assert history[:, "loss"] == [0, 1, 2]
    assert [epoch["loss"] for epoch in history[1:]] == [1, 2]


def test_losses_of_a_device_are_read_in_one_copy():
    reads = []

    class Number(torch.Tensor):  # a tensor that notes what its values are read by
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func in (torch.Tensor.item, torch.Tensor.tolist, torch.Tensor.__float__):
                reads.append(func)
            return super().__torch_function__(func, types, args, kwargs)

    other = torch.zeros(2)  # of a user's callback
    losses = [torch.tensor(x).as_subclass(Number) for x in (0.5, 2.0, 0.25)]
    batches = [{"train_loss": losses[0], "train_batch_size": 3}]
    batches += [{"valid_loss": losses[1], "valid_score": losses[2]}, {"mine": other}]
    read_numbers(batches)
    assert reads == [torch.Tensor.tolist]
    assert batches == [
        {"train_loss": 0.5, "train_batch_size": 3},
        {"valid_loss": 2.0, "valid_score": 0.25},
        {"mine": other},
    ]
    assert type(batches[0]["train_loss"]) is float
