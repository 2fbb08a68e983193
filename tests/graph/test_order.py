import numpy as np
import pytest
from scipy import sparse

from skattn import Graph
from skattn.graph import local_order


@pytest.fixture(autouse=True)
def small_graphs_are_ordered(monkeypatch):
    """Order graphs of a few hundred nodes, with samples of 16 receivers."""
    monkeypatch.setattr("skattn.graph._order.MIN_NODES", 0)
    monkeypatch.setattr("skattn.graph._order.SAMPLE_NODES", 16)


def band(names):
    """Return a band graph; a node attends to itself and three nodes on each side."""
    n = len(names)
    offsets = range(-3, 4)
    ring = sparse.diags_array([1.0] * 7, offsets=offsets, shape=(n, n)).tocoo()
    return sparse.csr_array((ring.data, (names[ring.row], names[ring.col])))


def distances(adjacency, order):
    position_of = np.empty(len(order), int)
    position_of[order] = np.arange(len(order))
    entries = adjacency.tocoo()
    return np.abs(position_of[entries.row] - position_of[entries.col])


def test_shuffled_neighbours_become_close_in_memory():
    adjacency = band(np.random.default_rng(0).permutation(400))
    order = local_order(adjacency)
    np.testing.assert_array_equal(np.sort(order), np.arange(400))
    assert order.dtype == np.int64
    assert distances(adjacency, np.arange(400)).mean() > 50
    assert distances(adjacency, order).max() < 10


def test_edges_in_one_direction_are_enough():
    names = np.random.default_rng(1).permutation(400)
    senders = np.concatenate([np.roll(names, k) for k in range(7)])
    adjacency = sparse.csr_array((np.ones(2800), (np.tile(names, 7), senders)))
    assert np.median(distances(adjacency, local_order(adjacency))) < 10


def test_a_local_order_is_kept():
    assert local_order(band(np.arange(400))) is None


def test_no_order_is_computed_for_a_random_graph(monkeypatch):
    monkeypatch.delattr("skattn.graph._order.reverse_cuthill_mckee")
    rng = np.random.default_rng(0)
    assert local_order(sparse.random_array((3000, 3000), rng=rng).tocsr()) is None


def test_an_order_with_little_effect_is_not_used(monkeypatch):
    shuffled = np.random.default_rng(0).permutation(400)
    monkeypatch.setattr(
        "skattn.graph._order.reverse_cuthill_mckee", lambda *_, **__: shuffled
    )
    assert local_order(band(np.random.default_rng(1).permutation(400))) is None


def test_small_graphs_are_not_reordered(monkeypatch):
    monkeypatch.setattr("skattn.graph._order.MIN_NODES", 401)
    assert local_order(band(np.random.default_rng(0).permutation(400))) is None


def test_graphs_with_hubs_are_not_reordered(monkeypatch):
    monkeypatch.setattr("skattn.graph._order.MAX_SQUARED_DEGREES", 50)
    adjacency = band(np.random.default_rng(0).permutation(400))
    assert local_order(adjacency) is not None
    hub = sparse.csr_array((np.ones(400), (np.zeros(400, int), np.arange(400))))
    hub.resize(400, 400)
    assert local_order(sparse.csr_array(adjacency + hub)) is None


@pytest.mark.parametrize("n_nodes", [1, 5])
def test_graphs_smaller_than_a_sample_are_valid(n_nodes):
    for adjacency in (np.zeros((n_nodes, n_nodes)), np.eye(n_nodes)):
        assert local_order(Graph(adjacency).adjacency) is None
