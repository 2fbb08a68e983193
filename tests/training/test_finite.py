import math
import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from skattn._training import FullGraph, Labels
from skattn._training._finite import check_attention, check_outputs


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1], r"NaN or infinite for 1 of 9 rows of X \(positions 1\)"),
        ([0, 8], r"2 of 9 rows of X \(positions 0, 8\)"),
        (range(2, 9), r"7 of 9 rows of X \(positions 2, 3, 4, 5, 6, \.\.\.\)"),
    ],
)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_rows_with_outputs_that_are_not_finite_are_named(bad, message, value):
    outputs = np.zeros((9, 2), np.float32)
    outputs[list(bad), 1] = value
    with pytest.raises(ValueError, match=message):
        check_outputs(outputs)


def test_attention_weights_are_finite():
    weights = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    assert check_attention(weights) is weights
    weights[0, 1] = math.nan
    with pytest.raises(ValueError, match="but 1 of 4 are NaN"):
        check_attention(weights)


class Spoil(Callback):
    """Make a weight infinite after the loss of an epoch is recorded."""

    def __init__(self, stop=None):
        self.stop = stop

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            with torch.no_grad():
                net.module_.head.linear.weight[0, 0] = math.inf
            if self.stop is not None:
                raise self.stop


def test_weight_that_is_not_finite_after_the_last_step_is_an_error(fit, with_callbacks):
    message = r"must stay finite.*after epoch 3 \(head\.linear\.weight and 0 more\)"
    with pytest.raises(ValueError, match=message):
        fit(max_epochs=3, validate=False, **with_callbacks(Spoil()))


def test_best_weights_may_be_older_than_one_that_is_not_finite(fit, with_callbacks):
    net = fit(max_epochs=3, **with_callbacks(Spoil()))
    assert all(torch.isfinite(w).all() for w in net.module_.parameters())


def test_interrupt_with_a_weight_that_is_not_finite_stays_an_interrupt(
    fit, with_callbacks, monkeypatch
):
    monkeypatch.setattr("skattn._training._net._is_from_callback", lambda stop: False)
    spoil = Spoil(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fit(max_epochs=5, validate=False, **with_callbacks(spoil))


def test_validation_without_any_finite_loss_is_an_error(fit, data):
    learning, validation = data
    batch = validation.batch
    x = batch.x.clone()
    x[14:] = 3e38
    huge = FullGraph(type(batch)(x, batch.structure, batch.targets), validation.labels)
    with pytest.raises(
        ValueError, match="validation loss must be finite in some epoch"
    ):
        fit(max_epochs=2, data=(learning, huge))


@pytest.fixture
def numbers(data):
    """Training data with a number per node."""
    batch = data[0].batch
    y = torch.arange(14.0)[:, None].repeat(1, 2) / 7 - 1
    return FullGraph(batch, Labels(y, torch.ones(14, 2))), None


def test_loss_that_grows_thousandfold_and_stays_finite_warns(fit, numbers):
    options = {"net_params": {"optimizer": torch.optim.SGD}}
    common = {"data": numbers, "loss": "squared_error", "max_epochs": 3, **options}
    with pytest.warns(
        ConvergenceWarning, match=r"loss grew from \S+ to \S+\. Decrease"
    ):
        fit(learning_rate=30.0, **common)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(learning_rate=0.001, **common)


def test_small_loss_that_grows_is_no_divergence(fit, numbers):
    source = numbers[0]
    zero = Labels(torch.zeros_like(source.labels.y), source.labels.weight)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(data=(FullGraph(source.batch, zero), None), loss="squared_error")
