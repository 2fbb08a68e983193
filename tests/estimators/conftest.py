import numpy as np
import pytest

from skattn import Graph, GraphAttentionClassifier


@pytest.fixture
def table():
    """40 rows, 3 features and classes that the first feature decides."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 3))
    return X, (X[:, 0] > 0).astype(int)


@pytest.fixture
def adjacency():
    """40 nodes with about four senders each, directed."""
    rng = np.random.default_rng(4)
    dense = (rng.random((40, 40)) < 0.1).astype(float)
    np.fill_diagonal(dense, 0)
    return dense


@pytest.fixture
def graph(table, adjacency):
    return Graph(adjacency, table[0])


@pytest.fixture
def y(table):
    return table[1]


@pytest.fixture
def small():
    """A function: make an estimator, a classifier by default, that trains quickly."""

    def make(cls=GraphAttentionClassifier, **params):
        return cls(**{"max_epochs": 3, "hidden_dim": 8, "random_state": 0} | params)

    return make
