import numpy as np
import pytest
import scipy.sparse as sp

from skattn import EncoderConfig, Graph, GraphAttentionRegressor


@pytest.fixture(scope="module")
def counts():
    """A graph, and the number of marked senders of every node."""
    rng = np.random.default_rng(0)
    A = sp.csr_array((rng.random((300, 300)) < rng.random((300, 1)) / 30).astype(float))
    X = np.column_stack([rng.random(300) < 0.5, rng.normal(size=300)])
    return Graph(A, X), A @ X[:, 0]


def score(counts, **options):
    graph, y = counts
    rows = np.random.default_rng(1).permutation(300)
    reg = GraphAttentionRegressor(
        encoder=EncoderConfig(**options), max_epochs=200, random_state=0
    )
    reg.fit(graph[rows[:200]], y[rows[:200]])
    return reg.score(graph[rows[200:]], y[rows[200:]])


def test_a_regressor_counts_marked_senders_by_default(counts):
    assert score(counts) > 0.75
    assert score(counts, degree_scaling=False) < 0.65
