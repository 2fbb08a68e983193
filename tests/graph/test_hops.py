import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph, hop_adjacency

CHAIN = sparse.csr_array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])


def test_one_hop_is_the_senders_and_the_node():
    np.testing.assert_array_equal(
        hop_adjacency(CHAIN, 1).toarray(),
        [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1]],
    )


def test_two_hops_follow_the_direction():
    np.testing.assert_array_equal(
        hop_adjacency(CHAIN, 2).toarray(),
        [[1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]],
    )


def test_many_hops_reach_all_connected_nodes():
    np.testing.assert_array_equal(
        hop_adjacency(CHAIN, 9).toarray(), np.triu(np.ones((4, 4)))
    )


def test_weights_loops_and_parallel_edges_are_ignored():
    entries = sparse.coo_array(
        ([0.5, 2, 3, 1e-30], ([0, 0, 1, 2], [1, 1, 1, 0])), shape=(3, 3)
    )
    graph = Graph(entries, edge_features=np.arange(4))
    hops = hop_adjacency(graph.adjacency, 2)
    np.testing.assert_array_equal(hops.toarray(), [[1, 1, 0], [0, 1, 0], [1, 1, 1]])
    assert hops.nnz == 6
    assert graph.n_edges == 4


def test_result_is_canonical():
    hops = hop_adjacency(CHAIN, 3)
    assert isinstance(hops, sparse.csr_array)
    assert hops.data.dtype == np.float32
    assert hops.indices.dtype == hops.indptr.dtype == np.int32
    np.testing.assert_array_equal(hops.indices, [0, 1, 2, 3, 1, 2, 3, 2, 3, 3])


def test_isolated_node_has_itself():
    np.testing.assert_array_equal(
        hop_adjacency(sparse.csr_array((1, 1)), 2).toarray(), [[1]]
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 99))
def test_hops_are_shortest_paths(n_nodes, k, seed):
    rng = np.random.default_rng(seed)
    adjacency = sparse.csr_array(rng.random((n_nodes, n_nodes)) < 0.2, dtype=float)
    steps = sparse.csgraph.shortest_path(adjacency, unweighted=True)
    np.testing.assert_array_equal(hop_adjacency(adjacency, k).toarray(), steps <= k)


@pytest.mark.parametrize("k", [0, -1])
def test_less_than_one_hop_is_refused(k):
    with pytest.raises(ValueError, match="k must be at least 1"):
        hop_adjacency(CHAIN, k)
