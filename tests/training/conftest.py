import numpy as np
import pytest
import torch

from skattn._batch import collate
from skattn._training import FullGraph, Labels, Training, train
from skattn.graph import Graph
from skattn.nn import BlockSpec, NetworkSpec


@pytest.fixture
def spec():
    return NetworkSpec(block=BlockSpec(n_heads=2, dropout=0.2), hidden_dim=8)


@pytest.fixture
def tasks():
    """20 nodes on a ring, two classes by the sign of the first feature; 14 to learn."""
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
def fit(spec, tasks, on_interrupt):
    """A function: train a small classifier, options as in Training."""

    def run(*, validate=True, seed=0, tasks=tasks, spec=spec, **options):
        return train(
            spec,
            tasks if validate else (tasks[0], None),
            Training(**{"loss": "cross_entropy", "max_epochs": 5} | options),
            n_outputs=2,
            generator=torch.Generator().manual_seed(seed),
        )

    return run
