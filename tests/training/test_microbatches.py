"""Training on microbatches of small graphs."""

import threading

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from skattn import GraphAttentionClassifier, GraphAttentionRegressor
from skattn._batch import GraphBlock, collate
from skattn._training import FullGraph, GraphBatches, Labels, Supervised, train
from skattn._training._microbatches import Microbatches
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.nn import BlockSpec, NetworkSpec
from skattn.ops import _reference, use_backend

N = 37


@pytest.fixture
def graphs():
    """37 rings of 3 to 9 nodes with random features."""
    rng = np.random.default_rng(0)
    rings = [np.roll(np.eye(n), 1, axis=0) for n in rng.integers(3, 10, N)]
    return [Graph(ring, rng.standard_normal((len(ring), 4))) for ring in rings]


@pytest.fixture
def fit(graphs, training, monkeypatch):
    """Return a function that trains a small classifier on microbatches."""
    collection = GraphCollection.of(graphs)
    labels = Labels(torch.arange(N) % 3, torch.linspace(0.0, 2.0, N))
    source = GraphBatches(
        GraphBlock.of(collection), np.arange(N), labels, 12, torch.device("cpu")
    )

    def run(n_parts, *, validate=False, norm="layer", dropout=0.0, **options):
        monkeypatch.setattr(
            "skattn._training._graph_batches.count_parts", lambda *_: n_parts
        )
        monkeypatch.setattr("skattn._training._graph_batches.MIN_GRAPHS_PER_PART", 1)
        block = BlockSpec(n_heads=2, dropout=dropout, norm=norm)
        spec = NetworkSpec(block=block, n_layers=2, hidden_dim=8, readout="mean")
        return train(
            Supervised(spec, 3, "cross_entropy"),
            (source, source if validate else None),
            training(**{"max_epochs": 3} | options),
            generator=torch.Generator().manual_seed(0),
        )

    return run


@pytest.fixture
def set_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def weights_of(net):
    return torch.cat([weight.flatten() for weight in net.module_.parameters()])


class Look(Callback):
    """Records batches and norms of gradients."""

    def __init__(self):
        self.batches, self.norms = [], []

    def on_grad_computed(self, net, named_parameters, batch, **kwargs):
        self.batches.append(batch)
        self.norms.append([float(w.grad.norm()) for _, w in named_parameters])


@pytest.mark.parametrize("n_parts", [2, 5, 12])
def test_gradients_and_losses_are_those_of_the_whole_batch(fit, n_parts):
    """Only in the first step: later ones draw other random numbers."""
    looks = [Look(), Look()]
    options = {"max_epochs": 1}
    whole = fit(1, callbacks=[looks[0]], **options)
    shared = fit(n_parts, callbacks=[looks[1]], **options)
    assert not isinstance(looks[0].batches[0][0], Microbatches)
    assert isinstance(looks[1].batches[0][0], Microbatches)
    torch.testing.assert_close(looks[1].norms[0], looks[0].norms[0])
    batches = [net.history[0]["batches"][0] for net in (whole, shared)]
    assert batches[1]["train_loss"] == pytest.approx(batches[0]["train_loss"])
    assert batches[1]["train_batch_size"] == batches[0]["train_batch_size"] == 12


def test_microbatches_without_weight_add_nothing():
    whole = Labels(torch.arange(4), torch.tensor([0.0, 0.0, 1.0, 3.0]))
    shares = [whole.share(slice(0, 2)), whole.share(slice(2, 4))]
    assert [share.y.tolist() for share in shares] == [[0, 1], [2, 3]]
    assert [float(share.total_weight) for share in shares] == [4, 4]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_results_are_equal_bit_for_bit_with_any_number_of_threads(
    fit, set_threads, dropout
):
    found = []
    for n_threads in (1, 2, 3):
        set_threads(n_threads)
        found.append(weights_of(fit(4, dropout=dropout)))
        assert torch.get_num_threads() == n_threads
    assert found[1].equal(found[0])
    assert found[2].equal(found[0])


def test_each_microbatch_has_its_own_generator(fit):
    looks = [Look()]
    fit(3, dropout=0.5, callbacks=looks)
    seeds = [seed for batch, _ in looks[0].batches for seed in batch.seeds]
    assert len(set(seeds)) == len(seeds) == 3 * len(looks[0].batches)


def test_threads_of_microbatches_use_one_torch_thread_each(
    fit, set_threads, monkeypatch
):
    set_threads(2)
    together, found = threading.Barrier(2, timeout=600), set()
    share = Labels.share

    def look(self, rows):
        found.add((threading.current_thread().name, torch.get_num_threads()))
        together.wait()  # passes only with another thread
        return share(self, rows)

    monkeypatch.setattr(Labels, "share", look)
    fit(2, max_epochs=1)
    assert len(found) >= 2
    assert {n_threads for _, n_threads in found} == {1}


def test_all_microbatches_use_the_current_backend(fit, monkeypatch):
    calls = []
    attend = _reference.edge_attention
    monkeypatch.setattr(
        _reference, "edge_attention", lambda *a: calls.append(1) or attend(*a)
    )
    with use_backend("reference"):
        fit(3, max_epochs=1)
    assert len(calls) == 3 * 3 * 2  # 3 batches, 3 parts, 2 layers


def test_an_error_in_a_microbatch_is_raised(fit, monkeypatch):
    cut, seen = GraphBlock.cut, []

    def fail(self, numbers, device="cpu"):
        seen.append(1)
        if len(seen) == 2:
            raise ZeroDivisionError
        return cut(self, numbers, device)

    monkeypatch.setattr(GraphBlock, "cut", fail)
    with pytest.raises(ZeroDivisionError):
        fit(3)


def test_smaller_batches_have_fewer_microbatches(fit):
    look = Look()
    fit(9, callbacks=[look], max_epochs=1)
    parts = [batch for batch, _ in look.batches]
    assert [len(batch) for batch in parts] == [12, 12, 13]
    assert [len(batch.numbers) for batch in parts] == [9, 9, 9]
    assert all(len(numbers) for batch in parts for numbers in batch.numbers)


def test_frozen_weights_do_not_change(fit):
    class Fix(Callback):
        def on_train_begin(self, net, **kwargs):
            self.weight = next(net.module_.parameters()).requires_grad_(False)
            self.before = self.weight.clone()

    fix = Fix()
    net = fit(3, callbacks=[fix])
    assert fix.weight.equal(fix.before)
    assert fix.weight.grad is None
    assert next(net.module_.parameters()) is fix.weight


def test_validation_takes_whole_batches(fit):
    found = []

    class LookAtAll(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            found.append((training, isinstance(batch[0], Microbatches)))

    fit(4, validate=True, callbacks=[LookAtAll()])
    assert set(found) == {(True, True), (False, False)}


def test_anomaly_detection_uses_one_thread(fit):
    look = Look()
    with torch.autograd.set_detect_anomaly(True):
        fit(3, callbacks=[look], max_epochs=1)
    assert {batch.n_threads for batch, _ in look.batches} == {1}


@pytest.mark.parametrize(
    "estimator", [GraphAttentionClassifier, GraphAttentionRegressor]
)
@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_estimators_of_graphs_train_on_microbatches(
    graphs, monkeypatch, estimator, norm
):
    monkeypatch.setattr("skattn._training._work.WORK_PER_PART", 1000)
    shared, map_all = [], Microbatches.map

    def look(*given, **options):
        shared.append(1)
        return map_all(*given, **options)

    monkeypatch.setattr(Microbatches, "map", look)
    y = np.array([graph.n_nodes % 2 for graph in graphs])
    model = estimator(hidden_dim=16, norm=norm, max_epochs=30, random_state=0)
    model.fit(graphs, y)
    assert bool(shared) == (norm == "layer")
    assert model.predict(graphs).shape == y.shape


def test_a_single_graph_has_no_microbatches(training):
    look = Look()
    batch = collate(Graph(np.eye(3), np.ones((3, 2))))
    train(
        Supervised(NetworkSpec(block=BlockSpec(), hidden_dim=64), 1, "squared_error"),
        (FullGraph(batch, Labels(torch.zeros(3, 1), torch.ones(3, 1))), None),
        training(max_epochs=1, callbacks=[look]),
        generator=torch.Generator().manual_seed(0),
    )
    assert look.batches[0][0] is batch
