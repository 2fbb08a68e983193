"""Reuse of the memory of large tensors, with unchanged results."""

import threading

import numpy as np
import pytest
import torch

from skattn import (
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._training import _buffers as training_buffers
from skattn.ops import _buffers, dropout, reuse_buffers


@pytest.fixture
def large(monkeypatch):
    """Treat every tensor as large."""
    monkeypatch.setattr(_buffers, "_LARGE", 1)
    monkeypatch.setattr(training_buffers, "REUSE_FROM_NUMBERS", 1)


def addresses(make, n=4):
    return {make().data_ptr() for _ in range(n)}


x, y = torch.randn(2, 700, 40, generator=torch.Generator().manual_seed(0))
weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(1))
OPERATIONS = {
    "mm": lambda: x @ weight,
    "mm of columns": lambda: (weight.T @ x.T).T,
    "addmm": lambda: torch.addmm(weight[0][:30], x, weight),
    "add": lambda: x + y,
    "add scaled": lambda: torch.add(x, y, alpha=3),
    "add row": lambda: x + y[:1],
    "add row first": lambda: y[:1] + x,
    "add number": lambda: x + 1,
    "sub": lambda: x - y,
    "mul": lambda: x * y,
    "div": lambda: x / 3,
    "relu": lambda: x.relu(),
    "gelu": lambda: torch.nn.functional.gelu(x, approximate="tanh"),
    "silu": lambda: torch.nn.functional.silu(x),
    "log_softmax": lambda: x.log_softmax(1),
    "dropout": lambda: dropout(x, 0.5, 3),
    "mask": lambda: x * (y > 0),
    "double": lambda: x.double() * y.double(),
    "whole numbers": lambda: (10 * x).long() + 1,
    "meta": lambda: (x.to("meta") + y.to("meta")).shape,
}


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("name", OPERATIONS)
def test_results_do_not_change(name):
    expected = OPERATIONS[name]()
    with reuse_buffers():
        actual = [OPERATIONS[name]() for _ in range(3)]
    for value in actual:
        if name == "meta":
            assert value == expected
        else:
            torch.testing.assert_close(value, expected, rtol=0, atol=0)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("function", ["relu", "gelu", "silu", "elu", "log_softmax"])
def test_gradients_do_not_change(function):
    def gradient():
        leaf = x.clone().requires_grad_()
        arguments = [1] if function == "log_softmax" else []
        out = getattr(torch.nn.functional, function)(leaf, *arguments)
        (out @ weight).square().sum().backward()
        return leaf.grad

    expected = gradient()
    with reuse_buffers():
        torch.testing.assert_close(gradient(), expected, rtol=0, atol=0)
        torch.testing.assert_close(gradient(), expected, rtol=0, atol=0)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "make", [lambda: x @ weight, lambda: x.relu(), lambda: dropout(x, 0.5, 3)]
)
def test_memory_is_reused_by_the_next_tensor(make):
    with reuse_buffers():
        assert len(addresses(make)) == 1


def test_small_tensors_are_not_kept():
    with reuse_buffers():
        x.relu()
        assert _buffers._KEPT.get()._peak == 0


@pytest.mark.usefixtures("large")
def test_memory_of_tensors_in_use_is_not_reused():
    with reuse_buffers():
        one = x @ weight
        part, array = one[3:5], one.numpy()
        expected = one.clone()
        del one
        others = [x.relu() @ weight for _ in range(3)]
        assert len({other.data_ptr() for other in others} | {array.ctypes.data}) == 4
        torch.testing.assert_close(part, expected[3:5], rtol=0, atol=0)
        np.testing.assert_array_equal(array, expected.numpy())
    x.relu() @ weight
    np.testing.assert_array_equal(array, expected.numpy())


def test_memory_never_exceeds_the_peak_in_use():
    buffers = _buffers._Buffers()
    rng = np.random.default_rng(0)
    in_use = []
    peak = reused = 0
    for _ in range(300):
        if in_use and rng.random() < 0.5:
            in_use.pop(rng.integers(len(in_use)))
        else:
            idle = len(buffers._idle)
            in_use.append(buffers.take((int(rng.integers(1, 5)), 7)))
            reused += len(buffers._idle) < idle
        now = sum(array.size for array in in_use)
        peak = max(peak, now)
        assert now + sum(array.size for array in buffers._idle) <= peak
    assert reused > 50


@pytest.mark.usefixtures("large")
def test_idle_memory_is_freed_when_the_block_ends():
    with reuse_buffers():
        kept, gone = x.relu(), x.relu()
        buffers = _buffers._KEPT.get()
        del gone
        assert len(buffers._idle) == 1
    assert _buffers._KEPT.get() is None
    assert not buffers._idle
    del kept
    assert not buffers._idle


def test_large_tensors_begin_at_a_cache_line():
    assert all(_buffers.empty(1 << 20, 2).data_ptr() % 64 == 0 for _ in range(5))


@pytest.mark.usefixtures("large")
def test_memory_is_per_thread():
    seen = []
    with reuse_buffers():
        thread = threading.Thread(target=lambda: seen.append(_buffers._KEPT.get()))
        thread.start()
        thread.join()
    assert seen == [None]


@pytest.mark.parametrize(
    ("cls", "params"),
    [
        (GraphAttentionClassifier, {}),
        (GraphAttentionClassifier, {"attention": "gat", "norm": None}),
        (GraphAttentionClassifier, {"attention": "dot", "norm": "batch"}),
        (GraphAttentionRegressor, {"encoder": EncoderConfig(activation="relu")}),
        (GraphAttentionClassifier, {"encoder": EncoderConfig(jumping="attention")}),
        (GraphAttentionRegressor, {"encoder": EncoderConfig(global_attention=True)}),
        (
            GraphAttentionClassifier,
            {"encoder": EncoderConfig(convolution="gcn", feed_forward=2)},
        ),
    ],
)
def test_a_fit_is_equal_bit_for_bit(cls, params, monkeypatch):
    rng = np.random.default_rng(0)
    graph = Graph(np.triu(rng.random((90, 90)) < 0.1), rng.normal(size=(90, 6)))
    y = np.arange(90) % 3

    def outputs():
        model = cls(max_epochs=4, random_state=0, **params)
        model.fit(graph[:60], y[:60], X_val=graph[60:], y_val=y[60:])
        predict = getattr(model, "predict_proba", model.predict)
        return predict(graph), model.loss_curve_

    expected, curve = outputs()
    monkeypatch.setattr(_buffers, "_LARGE", 1)
    monkeypatch.setattr(training_buffers, "REUSE_FROM_NUMBERS", 1)
    actual, again = outputs()
    np.testing.assert_array_equal(actual, expected)
    assert again == curve
