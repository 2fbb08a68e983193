import math
import re
import signal

import numpy as np
import pytest
import sklearn
import torch
from scipy.sparse import csr_array
from skorch.callbacks import Callback

from skattn._batch import collate
from skattn._training import (
    AttentionNet,
    FullGraph,
    Labels,
    net_from_state,
    net_state,
    predict,
)
from skattn.graph import Graph
from skattn.nn import BlockSpec, NetworkSpec


def weights_of(net):
    return {name: w.clone() for name, w in net.module_.state_dict().items()}


def assert_same_weights(one, other):
    one, other = weights_of(one), weights_of(other)
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


class Interrupt(Callback):
    """Ctrl-C of a user at some moment of an epoch."""

    def __init__(self, epoch, moment="on_epoch_end"):
        self.epoch = epoch
        self.moment = moment

    def _at(self, net, moment):
        if moment == self.moment and len(net.history) == self.epoch:
            signal.raise_signal(signal.SIGINT)

    def on_batch_begin(self, net, *, training, **kwargs):
        self._at(net, "on_batch_begin" if training else "before validation")

    def on_epoch_end(self, net, **kwargs):
        self._at(net, "on_epoch_end")


class Enough(Callback):
    """Callback of a user that stops training as documented by skorch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            self.stop()

    def stop(self):
        raise KeyboardInterrupt


class Snapshots(Callback):
    def on_epoch_end(self, net, **kwargs):
        vars(self).setdefault("weights_", []).append(weights_of(net))


def test_training_makes_the_loss_small(fit):
    net = fit(max_epochs=60, learning_rate=0.02)
    losses = net.history[:, "train_loss"]
    assert len(losses) == 60
    assert losses[-1] < 0.5 * losses[0]
    assert not net.interrupted_


def test_every_epoch_is_recorded(fit):
    history = fit(max_epochs=3).history
    assert len(history) == 3
    assert np.isfinite(history[:, ("train_loss", "valid_loss", "valid_score")]).all()


def test_a_users_score_selects_the_epoch(fit, data):
    net = fit(max_epochs=9, patience=9, score=lambda outputs: -outputs[0, 0])
    scores = net.history[:, "valid_score"]
    assert len(set(scores)) == 9
    assert max(scores) == -predict(net, data[1])[0, 0]


def test_without_validation_no_score_is_computed(fit):
    def never(outputs):
        raise AssertionError

    assert "valid_score" not in fit(validate=False, score=never).history[-1]


def test_without_validation_there_is_none(fit):
    net = fit(validate=False, max_epochs=3)
    assert "valid_loss" not in net.history[-1]


def test_training_loss_is_that_of_the_targets_alone(fit, data):
    learning, validation = data
    wrong = Labels(1 - validation.labels.y, validation.labels.weight)
    one, other = (
        fit(data=(learning, FullGraph(validation.batch, labels))).history[
            :, "train_loss"
        ]
        for labels in (validation.labels, wrong)
    )
    assert one == other


def test_same_generator_gives_the_same_weights(fit):
    assert_same_weights(fit(seed=3), fit(seed=3))
    assert not torch.equal(
        fit(seed=3).module_.head.linear.weight, fit(seed=4).module_.head.linear.weight
    )


def test_training_and_prediction_do_not_use_torchs_generator(fit, data):
    state = torch.get_rng_state()
    net = fit()
    predict(net, data[1])
    net_from_state(**net_state(net))
    assert torch.equal(torch.get_rng_state(), state)


def test_state_of_torchs_generator_does_not_matter(fit):
    one = fit()
    torch.rand(3)
    assert_same_weights(one, fit())


def test_weights_of_the_best_epoch_are_kept(with_callbacks, fit, data):
    snapshots = Snapshots()
    net = fit(max_epochs=40, patience=5, learning_rate=0.1, **with_callbacks(snapshots))
    curve = net.history[:, ("valid_score", "valid_loss")]
    best = max(range(len(curve)), key=lambda k: (curve[k][0], -curve[k][1]))
    for name, tensor in weights_of(net).items():
        assert torch.equal(tensor, snapshots.weights_[best][name])
    output = predict(net, data[1])
    right = output.argmax(1) == data[1].labels.y.numpy()
    assert right.mean() == pytest.approx(curve[best][0])


def test_best_epoch_is_kept_even_if_a_callback_stops_in_it(with_callbacks, fit):
    snapshots = Snapshots()
    curve = fit(max_epochs=6, learning_rate=0.02, **with_callbacks(snapshots)).history[
        :, ("valid_score", "valid_loss")
    ]
    best = max(range(6), key=lambda k: (curve[k][0], -curve[k][1]))
    assert best > 0
    net = fit(max_epochs=6, learning_rate=0.02, **with_callbacks(Enough(best + 1)))
    for name, tensor in weights_of(net).items():
        assert torch.equal(tensor, snapshots.weights_[best][name])


def test_without_patience_training_goes_on_and_the_last_weights_stay(
    with_callbacks, fit
):
    snapshots = Snapshots()
    net = fit(
        max_epochs=30, patience=None, learning_rate=0.1, **with_callbacks(snapshots)
    )
    assert len(net.history) == 30
    for name, tensor in weights_of(net).items():
        assert torch.equal(tensor, snapshots.weights_[-1][name])


def test_patience_ends_training(fit):
    net = fit(max_epochs=500, patience=3, learning_rate=0.1)
    curve = net.history[:, ("valid_score", "valid_loss")]
    assert len(curve) < 500
    peak = max(score for score, _ in curve), min(loss for _, loss in curve)
    before = curve[:-3]
    assert (max(s for s, _ in before), min(loss for _, loss in before)) == peak
    assert not net.interrupted_


def test_without_validation_the_last_weights_stay(with_callbacks, fit):
    snapshots = Snapshots()
    net = fit(validate=False, max_epochs=4, **with_callbacks(snapshots))
    assert len(net.history) == 4
    for name, tensor in weights_of(net).items():
        assert torch.equal(tensor, snapshots.weights_[-1][name])


@pytest.mark.parametrize("validate", [True, False])
def test_callback_that_stops_training_is_no_interrupt_of_the_user(
    with_callbacks, fit, validate
):
    net = fit(validate=validate, max_epochs=9, **with_callbacks(Enough(3)))
    assert len(net.history) == 3
    assert not net.interrupted_


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("moment", ["on_batch_begin", "on_epoch_end"])
def test_signal_is_an_interrupt_of_the_user_even_inside_a_callback(
    with_callbacks, fit, validate, moment
):
    stop = Interrupt(3, moment)
    net = fit(validate=validate, max_epochs=9, **with_callbacks(stop))
    assert net.interrupted_
    assert len(net.history) == (3 if moment == "on_epoch_end" else 2)


def test_handler_of_the_users_own_may_raise_the_interrupt(fit, monkeypatch):
    def train_step_single(net, batch, **kwargs):
        raise KeyboardInterrupt  # as from a signal handler written in Python

    monkeypatch.setattr(AttentionNet, "train_step_single", train_step_single)
    assert fit().interrupted_


def test_interrupt_keeps_the_best_weights_so_far(with_callbacks, fit):
    snapshots = Snapshots()
    stop = Interrupt(8, "on_batch_begin")
    net = fit(max_epochs=20, learning_rate=0.1, **with_callbacks(snapshots, stop))
    curve = net.history[:, ("valid_score", "valid_loss")]
    assert len(curve) == 7
    best = max(range(7), key=lambda k: (curve[k][0], -curve[k][1]))
    for name, tensor in weights_of(net).items():
        assert torch.equal(tensor, snapshots.weights_[best][name])


@pytest.mark.parametrize("moment", ["on_batch_begin", "before validation"])
def test_interrupted_epoch_is_removed_from_the_history(with_callbacks, fit, moment):
    net = fit(**with_callbacks(Interrupt(3, moment)))
    assert [len(net.history[:, name]) for name in ("train_loss", "valid_loss")] == [
        2,
        2,
    ]


@pytest.mark.parametrize("moment", ["on_batch_begin", "before validation"])
def test_interrupt_in_the_first_epoch_leaves_no_history(with_callbacks, fit, moment):
    net = fit(**with_callbacks(Interrupt(1, moment)))
    assert net.interrupted_
    assert len(net.history) == 0


def test_second_training_is_not_interrupted_because_the_first_was(with_callbacks, fit):
    assert fit(**with_callbacks(Interrupt(1))).interrupted_
    assert not fit().interrupted_


def test_divergence_is_an_error_in_the_epoch_where_it_happens(
    with_callbacks, fit, data
):
    seen = Snapshots()
    with pytest.raises(ValueError, match=r"must stay finite, but became \S+ in epoch "):
        fit(learning_rate=1e30, max_epochs=200, **with_callbacks(seen))
    assert len(getattr(seen, "weights_", [])) < 10


def test_features_that_are_too_large_are_named_as_the_cause(fit, data):
    huge = Graph(np.eye(20), np.full((20, 3), 1e38, np.float32))
    source = FullGraph(collate(huge), Labels(torch.zeros(20).long(), torch.ones(20)))
    with pytest.raises(ValueError, match=r"epoch 1\..*StandardScaler, NodeTransformer"):
        fit(data=(source, None))


def test_optimizer_is_adam_with_the_parameters_given(with_callbacks, fit):
    kept = []

    class Look(Callback):
        def on_train_begin(self, net, **kwargs):
            group = dict(net.optimizer_.param_groups[0])  # as it is now
            kept.append((net.optimizer_, group))

    fit(learning_rate=0.03, weight_decay=0.07, **with_callbacks(Look()))
    ((optimizer, group),) = kept
    assert isinstance(optimizer, torch.optim.Adam)
    assert (group["lr"], group["weight_decay"]) == (0.03, 0.07)


def test_net_params_choose_another_optimizer_and_its_options(fit):
    net = fit(
        validate=False,
        max_epochs=1,
        learning_rate=0.5,
        weight_decay=0.0,
        net_params={"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9},
    )
    assert isinstance(net.optimizer_, torch.optim.SGD)
    group = net.optimizer_.param_groups[0]
    options = group["initial_lr"], group["momentum"], group["weight_decay"]
    assert options == (0.5, 0.9, 0.0)


def test_an_optimizer_without_weight_decay_is_given_none(fit):
    net = fit(weight_decay=0.1, net_params={"optimizer": torch.optim.Rprop})
    assert isinstance(net.optimizer_, torch.optim.Rprop)


def test_net_params_set_options_of_the_default_optimizer(fit):
    group = fit(net_params={"optimizer__betas": (0.5, 0.9)}).optimizer_.param_groups[0]
    assert group["betas"] == (0.5, 0.9)


def test_net_params_are_left_as_they_were(fit):
    params = {"callbacks": [Enough(2)], "optimizer__betas": (0.5, 0.9)}
    before = dict(params, callbacks=list(params["callbacks"]))
    fit(net_params=params)
    assert params == before


def test_verbose_prints_a_line_an_epoch(fit, capsys):
    fit(max_epochs=2, verbose=0)
    assert capsys.readouterr().out == ""
    fit(max_epochs=2, verbose=1)
    header, _, *lines = capsys.readouterr().out.strip().splitlines()
    assert {"train_loss", "valid_loss", "valid_score"} <= set(header.split())
    assert len(lines) == 2


def test_works_under_metadata_routing(fit):
    with sklearn.config_context(enable_metadata_routing=True):
        routed = fit()
    assert_same_weights(routed, fit())


def test_sparse_features_train_as_dense_ones_do(fit, data):
    x = (np.random.default_rng(0).random((20, 3)) > 0.5).astype(np.float32)
    ring = np.roll(np.eye(20), 1, axis=0)
    labels = data[0].labels
    dense, sparse = (
        fit(
            data=(FullGraph(collate(Graph(ring, form)[:14]), labels), None),
            spec=NetworkSpec(block=BlockSpec(n_heads=2), n_layers=2, hidden_dim=8),
        )
        for form in (x, csr_array(x))
    )
    assert sparse.history[:, "train_loss"] == pytest.approx(
        dense.history[:, "train_loss"], rel=1e-4
    )


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("binary_cross_entropy", lambda x: (x[:, :2] > 0).float()),
        ("squared_error", lambda x: x[:, :2].clone()),
    ],
)
def test_labels_and_numbers_are_learned_too(fit, data, loss, y):
    batch = data[0].batch
    y = y(batch.x[batch.targets])
    net = fit(
        data=(FullGraph(batch, Labels(y, torch.ones_like(y))), None),
        loss=loss,
        max_epochs=80,
        learning_rate=0.02,
    )
    losses = net.history[:, "train_loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_prediction_is_about_the_targets_in_their_order(fit, data):
    net = fit()
    batch = data[0].batch
    every = predict(net, FullGraph(batch.with_targets(torch.arange(20)), None))
    assert (every.shape, every.dtype) == ((20, 2), np.float32)
    some = predict(net, FullGraph(batch.with_targets(torch.tensor([5, 0, 5])), None))
    np.testing.assert_array_equal(some, every[[5, 0, 5]])


def test_prediction_drops_nothing(fit, data):
    net = fit()
    net.module_.train()
    first = predict(net, data[0])
    np.testing.assert_array_equal(predict(net, data[0]), first)


def test_message_of_divergence_names_an_epoch_number(fit):
    with pytest.raises(ValueError, match="epoch") as caught:
        fit(learning_rate=1e30, max_epochs=50)
    loss, epoch = re.search(r"became (\S+) in epoch (\d+)", str(caught.value)).groups()
    assert not math.isfinite(float(loss))
    assert 1 <= int(epoch) <= 50
