import numpy as np
import pytest
import skorch.callbacks as skorch_callbacks

from skattn import GraphAttentionClassifier
from skattn._training import is_callback

Y = [0, 1] * 6


def fit(net_params, *, sequences=False, **parameters):
    shape = (12, 3, 2) if sequences else (12, 2)
    X = np.random.default_rng(0).normal(size=shape)
    made = GraphAttentionClassifier(
        max_epochs=2, hidden_dim=4, n_heads=1, net_params=net_params, **parameters
    )
    return made.fit(X, Y)


class Total(skorch_callbacks.ProgressBar):
    """Records the number of batches of an epoch, and of those that end."""

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        super().on_epoch_begin(net, dataset_train, dataset_valid, **kwargs)
        self.total_ = self.pbar_.total
        self.n_ended_ = 0

    def on_batch_end(self, net, **kwargs):
        super().on_batch_end(net, **kwargs)
        self.n_ended_ += 1


@pytest.mark.parametrize("early_stopping", [False, 0.25])
@pytest.mark.parametrize(
    "batches",
    [{}, {"batch_size": 5, "sequences": True}, {"batch_size": 4, "fanout": (2,)}],
)
def test_the_progress_bar_counts_the_batches(batches, early_stopping):
    bar = Total()
    fit({"callbacks": [bar]}, n_layers=1, early_stopping=early_stopping, **batches)
    assert bar.total_ == bar.n_ended_ > 0


@pytest.mark.parametrize(
    ("callback", "early_stopping"),
    [
        (skorch_callbacks.EarlyStopping(), False),
        (skorch_callbacks.EpochScoring("accuracy"), 0.25),
        (skorch_callbacks.InputShapeSetter(), False),
    ],
)
def test_a_callback_of_skorch_that_fails_is_named(callback, early_stopping):
    name = type(callback).__name__
    with pytest.raises(ValueError, match=f"must be able to .* failure of {name}: "):
        fit({"callbacks": [callback]}, early_stopping=early_stopping)


def test_errors_of_the_users_own_callbacks_are_not_changed():
    class Mine(skorch_callbacks.Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fit({"callbacks": [Mine()]})


@pytest.mark.parametrize("entry", [3, "ProgressBar", None, ("bar", 3)])
def test_entries_that_are_no_callbacks_are_refused(entry):
    assert not is_callback(entry)
    with pytest.raises(ValueError, match=r"must hold skorch callbacks .* position 0"):
        fit({"callbacks": [entry]})


def test_classes_and_named_pairs_are_callbacks():
    bar = skorch_callbacks.EpochTimer
    assert all(map(is_callback, (bar, bar(), ("timer", bar()))))


@pytest.mark.parametrize(
    "net_params", [{"typo": 1}, {"optimizer": "adam"}, {"optimizer__typo": 1}]
)
def test_arguments_that_skorch_refuses_are_named(net_params):
    with pytest.raises(ValueError, match=f"net_params must .*{next(iter(net_params))}"):
        fit(net_params)
