"""Parameters net_params, verbose and random_state; end of training."""

import signal
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_val_score
from skorch.callbacks import Callback, EarlyStopping, LRScheduler

from skattn import GraphAttentionClassifier, GraphAttentionRegressor


@pytest.fixture
def small(small):
    return partial(small, max_epochs=6, early_stopping=False)


# ---- net_params and verbose --------------------------------------------------


def test_net_params_change_the_optimizer(small, graph, y):
    sgd = {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9}
    plain = small().fit(graph, y)
    clf = small(net_params=sgd).fit(graph, y)
    assert clf.loss_curve_[0] == plain.loss_curve_[0]
    assert clf.loss_curve_[-1] != plain.loss_curve_[-1]


def test_the_learning_rate_follows_a_schedule(small, graph, y):
    schedule = LRScheduler(policy="StepLR", step_size=1, gamma=0.0)
    clf = small(net_params={"callbacks": [schedule]}, dropout=0.0).fit(graph, y)
    assert clf.loss_curve_[1] < clf.loss_curve_[0]  # one step, then no more
    assert clf.loss_curve_[2:] == pytest.approx([clf.loss_curve_[1]] * 4, rel=1e-5)


def test_a_users_callback_sees_every_epoch(small, graph, y):
    class Count(Callback):
        n_epochs = 0

        def on_epoch_end(self, net, **kwargs):
            self.n_epochs += 1

    count = Count()
    small(net_params={"callbacks": [count]}).fit(graph, y)
    assert count.n_epochs == 6


def test_net_params_cannot_replace_what_the_estimator_sets(small, graph, y):
    with pytest.raises(
        ValueError, match=r"net_params must not contain \['lr', 'module__x'\]"
    ):
        small(net_params={"lr": 1.0, "module__x": 1}).fit(graph, y)


def test_verbose_prints_a_line_an_epoch(small, graph, y, capsys):
    small(verbose=1, max_epochs=3).fit(graph, y)
    printed = capsys.readouterr().out
    assert "train_loss" in printed
    assert len(printed.strip().splitlines()) == 5  # names, a rule, three epochs
    small(max_epochs=3).fit(graph, y)
    assert capsys.readouterr().out == ""


# ---- randomness --------------------------------------------------------------


@pytest.mark.parametrize("cls", [GraphAttentionClassifier, GraphAttentionRegressor])
def test_the_same_seed_gives_the_same_bits(small, cls, graph, y):
    params = {"dropout": 0.5, "attention_dropout": 0.3, "early_stopping": 0.3}
    one, two, other = (
        small(cls, **params, random_state=seed).fit(graph, y) for seed in (7, 7, 8)
    )
    assert one.loss_curve_ == two.loss_curve_
    assert one.loss_curve_ != other.loss_curve_
    np.testing.assert_array_equal(one.predict(graph), two.predict(graph))


def test_random_states_and_none_are_taken(small, graph, y):
    state = np.random.RandomState(3)
    first = small(random_state=state).fit(graph, y).loss_curve_
    second = small(random_state=state).fit(graph, y).loss_curve_
    assert first != second  # two draws from one generator
    again = np.random.RandomState(3)
    assert small(random_state=again).fit(graph, y).loss_curve_ == first
    none = [small(random_state=None).fit(graph, y).loss_curve_ for _ in range(2)]
    assert none[0] != none[1]


def _numpy_state():
    return np.random.get_state()[1].copy()  # noqa: NPY002 - the global generator


def test_global_random_states_are_unchanged(small, graph, y):
    before = torch.random.get_rng_state(), _numpy_state()
    torch_seeded = small(dropout=0.5).fit(graph, y)
    torch_seeded.predict(graph)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    np.testing.assert_array_equal(_numpy_state(), before[1])


def test_global_random_states_do_not_matter(small, graph, y):
    one = small(dropout=0.5).fit(graph, y)
    torch.rand(3)
    np.random.random(3)  # noqa: NPY002 - the global generator
    assert small(dropout=0.5).fit(graph, y).loss_curve_ == one.loss_curve_


def test_prediction_draws_nothing(small, graph, y):
    clf = small(dropout=0.5, attention_dropout=0.5).fit(graph, y)
    np.testing.assert_array_equal(clf.predict_proba(graph), clf.predict_proba(graph))


# ---- end of training ---------------------------------------------------------


class CtrlC(Callback):
    """Raise KeyboardInterrupt at a moment of an epoch."""

    def __init__(self, epoch, moment="on_epoch_end"):
        self.epoch = epoch
        self.moment = moment

    def notify(self, moment, net):
        if moment == self.moment and len(net.history) == self.epoch:
            signal.raise_signal(signal.SIGINT)

    def on_epoch_begin(self, net, **kwargs):
        self.notify("on_epoch_begin", net)

    def on_batch_end(self, net, **kwargs):
        self.notify("on_batch_end", net)

    def on_epoch_end(self, net, **kwargs):
        self.notify("on_epoch_end", net)


@pytest.mark.parametrize("moment", ["on_epoch_begin", "on_batch_end", "on_epoch_end"])
def test_ctrl_c_commits_and_raises_on(small, graph, y, on_interrupt, moment):
    clf = small(net_params={"callbacks": [CtrlC(3, moment)]})
    with pytest.raises(KeyboardInterrupt):
        clf.fit(graph, y)
    assert clf.n_iter_ in (2, 3)
    assert len(clf.loss_curve_) == clf.n_iter_
    assert clf.predict(graph).shape == (40,)
    assert clf.n_features_in_ == 3


def test_ctrl_c_restores_the_best_weights(small, graph, y, on_interrupt):
    noise = np.random.default_rng(1).permutation(y)
    stop_at = 25
    clf = small(
        early_stopping="auto",
        n_iter_no_change=100,
        max_epochs=100,
        learning_rate=0.05,
        net_params={"callbacks": [CtrlC(stop_at)]},
    )
    with pytest.raises(KeyboardInterrupt):
        clf.fit(graph[:30], y[:30], X_val=graph[30:], y_val=noise[30:])
    scores = clf.net_.history[: stop_at - 1, "valid_score"]
    losses = clf.net_.history[: stop_at - 1, "valid_loss"]
    best = np.lexsort((losses, -np.array(scores)))[0]
    proba = clf.predict_proba(graph[30:])
    loss = -np.log(proba[np.arange(10), noise[30:]]).mean()
    assert best < stop_at - 2
    assert loss == pytest.approx(losses[best], rel=1e-4)


def test_ctrl_c_in_the_first_epoch_leaves_the_estimator_unchanged(
    small, graph, y, on_interrupt
):
    clf = small(net_params={"callbacks": [CtrlC(1, "on_batch_end")]})
    with pytest.raises(KeyboardInterrupt):
        clf.fit(graph, y)
    assert not hasattr(clf, "net_")
    clf.set_params(net_params=None).fit(graph, y)
    before = dict(vars(clf))
    clf.set_params(net_params={"callbacks": [CtrlC(1, "on_batch_end")]})
    with pytest.raises(KeyboardInterrupt):
        clf.fit(graph[:20], y[:20])
    assert vars(clf) == before | {"net_params": clf.net_params}


def test_ctrl_c_stops_a_search(small, graph, y, on_interrupt):
    clf = small(net_params={"callbacks": [CtrlC(2)]})
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(clf, graph, y, cv=2)


def test_skorchs_early_stopping_is_a_normal_end(small, graph, y):
    patience = EarlyStopping(monitor="train_loss", patience=2, threshold=10.0)
    clf = small(max_epochs=50, net_params={"callbacks": [patience]}).fit(graph, y)
    assert clf.n_iter_ < 50
    assert clf.predict(graph).shape == (40,)


# ---- failed fits -------------------------------------------------------------


def test_a_refit_replaces_everything_learned(small, graph, y, table):
    X, _ = table
    clf = small(early_stopping=0.3).fit(graph, y)
    clf.set_params(early_stopping=False).fit(X[:, :2], np.array(list("abcd") * 10))
    assert clf.n_features_in_ == 2
    assert list(clf.classes_) == list("abcd")
    assert clf.validation_curve_ is None
    assert clf.predict(X[:, :2]).shape == (40,)


def test_a_diverged_refit_leaves_all_attributes_unchanged(small, graph, y):
    clf = small().fit(graph, y)
    before = dict(vars(clf))
    answers = clf.predict_proba(graph)
    wild = {"learning_rate": 1e30, "norm": None, "max_epochs": 50}
    clf.set_params(**wild)
    with pytest.raises(ValueError, match="training loss must stay finite"):
        clf.fit(graph[:20], y[:20])
    assert vars(clf) == before | wild
    np.testing.assert_array_equal(clf.predict_proba(graph), answers)


def test_an_error_in_a_callback_leaves_all_attributes_unchanged(small, graph, y):
    class Broken(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise RuntimeError("no space left")

    clf = small().fit(graph, y)
    before = dict(vars(clf))
    params = {"callbacks": [Broken()]}
    with pytest.raises(RuntimeError, match="no space left"):
        clf.set_params(net_params=params).fit(graph, y)
    assert vars(clf) == before | {"net_params": params}
