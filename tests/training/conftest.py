import numpy as np
import pytest
import torch

from skattn._batch import collate
from skattn._training import FullGraph, Labels, Supervised, Training, train
from skattn.graph import Graph
from skattn.nn import BlockSpec, NetworkSpec


@pytest.fixture
def spec():
    return NetworkSpec(
        block=BlockSpec(n_heads=2, dropout=0.2), n_layers=2, hidden_dim=8
    )


@pytest.fixture
def data():
    """20 nodes on a ring, classes by the sign of the first feature; 14 for training."""
    X = np.random.default_rng(0).standard_normal((20, 3))
    ring = np.roll(np.eye(20), 1, axis=0)
    graph = Graph(ring + ring.T, X)
    y = torch.from_numpy((X[:, 0] > 0).astype(np.int64))
    batch = collate(graph)
    return tuple(
        FullGraph(batch.with_targets(nodes), Labels(y[nodes], torch.ones(len(nodes))))
        for nodes in (torch.arange(14), torch.arange(14, 20))
    )


@pytest.fixture
def training():
    """Return a function that makes training options."""

    def make(**options):
        defaults = {"learning_rate": 0.005, "weight_decay": 5e-4, "patience": 50}
        return Training(**defaults | {"max_epochs": 5} | options)

    return make


@pytest.fixture
def fit(spec, data, training, on_interrupt):
    """Return a function that trains a small classifier, with training options."""

    def run(
        *, validate=True, seed=0, data=data, spec=spec, loss="cross_entropy", **options
    ):
        return train(
            Supervised(spec, 2, loss),
            data if validate else (data[0], None),
            training(**options),
            generator=torch.Generator().manual_seed(seed),
        )

    return run


@pytest.fixture
def with_callbacks():
    """Return a function that makes training options with callbacks of a user."""

    def make(*callbacks):
        return {"net_params": {"callbacks": list(callbacks)}}

    return make
