import math
from copy import copy

import pytest
from skorch.callbacks import Callback, EpochTimer, LRScheduler
from torch.optim.lr_scheduler import StepLR

from skattn._training._schedule import has_schedule


class Rates(Callback):
    """Records the learning rate of each epoch."""

    def __init__(self):
        self.found = []

    def on_epoch_begin(self, net, **kwargs):
        self.found.append(net.optimizer_.param_groups[0]["lr"])


class Halving(LRScheduler):
    """Schedule passed as a class."""

    def __init__(self):
        super().__init__(StepLR, step_size=1, gamma=0.5)


def rates(net):
    """Learning rate of each epoch, [] without a schedule."""
    return [epoch.get("event_lr") for epoch in net.history]


@pytest.mark.parametrize("validate", [True, False])
def test_the_learning_rate_falls_at_the_end(fit, validate):
    net = fit(validate=validate, max_epochs=10, learning_rate=0.1)
    half_cosine = [0.05 * (1 + math.cos(math.pi * k / 3)) for k in range(3)]
    assert rates(net) == pytest.approx([0.1] * 7 + half_cosine)


@pytest.mark.parametrize("named", [True, False])
def test_users_schedule_replaces_the_cosine(with_callbacks, fit, named):
    schedule = LRScheduler(StepLR, step_size=2)
    steps = with_callbacks(("schedule", schedule) if named else schedule)
    net = fit(validate=False, max_epochs=4, learning_rate=0.1, **steps)
    assert rates(net) == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_net_params_give_a_schedule(with_callbacks, fit):
    schedule = LRScheduler(StepLR, step_size=1, gamma=0.5)
    net = fit(max_epochs=3, learning_rate=0.08, **with_callbacks(schedule))
    assert net.history[:, "event_lr"] == pytest.approx([0.08, 0.04, 0.02])


def test_a_schedule_does_not_keep_the_optimizer(with_callbacks, fit):
    schedule = LRScheduler(StepLR, step_size=1)
    net = fit(max_epochs=2, **with_callbacks(schedule, ("named", copy(schedule))))
    for kept in (schedule, net.callbacks[1][1]):
        assert not hasattr(kept, "lr_scheduler_")


@pytest.mark.parametrize(
    "entry", [Halving, ("schedule", Halving), ["schedule", Halving], Halving()]
)
def test_a_schedule_may_be_a_class_or_have_a_name(with_callbacks, fit, entry):
    assert has_schedule([EpochTimer(), entry])
    rates = Rates()
    fit(validate=False, max_epochs=3, learning_rate=0.4, **with_callbacks(rates, entry))
    assert rates.found == pytest.approx([0.4, 0.2, 0.1])


@pytest.mark.parametrize(
    "entry", [EpochTimer, EpochTimer(), ("timer", EpochTimer), StepLR]
)
def test_other_callbacks_are_no_schedule(entry):
    assert not has_schedule([entry])
