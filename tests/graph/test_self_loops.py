import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph, _self_loops, add_self_loops
from skattn.graph._self_loops import MissingLoops


def test_missing_loops_get_the_mean_of_their_row_and_zero_features():
    graph = Graph([[0, 5, 0], [2, 3, 0], [0, 0, 0]], edge_features=[[1], [2], [3]])
    looped, features, edges = add_self_loops(graph.adjacency, graph.edge_features)
    np.testing.assert_array_equal(looped.toarray(), [[5, 5, 0], [2, 3, 0], [0, 0, 1]])
    np.testing.assert_array_equal(looped.indices, [0, 1, 0, 1, 2])
    np.testing.assert_array_equal(edges, [-1, 0, 1, 2, -1])
    np.testing.assert_array_equal(features, [[0], [1], [2], [3], [0]])
    assert edges.dtype == np.int64
    assert looped.indices.dtype == np.int32
    assert features.dtype == looped.data.dtype == np.float32


def test_complete_diagonal_is_unchanged():
    adjacency = Graph([[2, 1], [0, 4]]).adjacency
    looped, features, edges = add_self_loops(adjacency)
    np.testing.assert_array_equal(looped.toarray(), [[2, 1], [0, 4]])
    np.testing.assert_array_equal(edges, [0, 1, 2])
    assert features is None


def test_parallel_loops_are_kept_and_none_is_added():
    entries = sparse.coo_array(([1.0, 1.0], ([0, 0], [0, 0])), shape=(1, 1))
    graph = Graph(entries, edge_features=[3, 4])
    _, features, edges = add_self_loops(graph.adjacency, graph.edge_features)
    np.testing.assert_array_equal(edges, [0, 1])
    np.testing.assert_array_equal(features, [[3], [4]])


def test_isolated_nodes_get_only_themselves():
    looped, _, edges = add_self_loops(Graph(np.zeros((3, 3))).adjacency)
    np.testing.assert_array_equal(looped.toarray(), np.eye(3))
    np.testing.assert_array_equal(edges, [-1, -1, -1])


def test_no_nodes_give_no_loops():
    looped, _, edges = add_self_loops(Graph(np.zeros((0, 0))).adjacency)
    assert looped.shape == (0, 0)
    assert len(edges) == 0


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=n, max_size=n
        )
    )
)
def test_loops_are_added_on_the_empty_diagonal_alone(rows):
    adjacency = Graph(rows).adjacency
    looped, _, edges = add_self_loops(adjacency)
    expected, adjacency_mean = np.array(rows, dtype=float), np.ones(len(rows))
    empty = np.flatnonzero(np.diag(expected) == 0)
    for i in empty:
        mine = next((w for w in (expected[i], expected[:, i]) if w.any()), np.ones(1))
        adjacency_mean[i] = mine[mine > 0].mean()
    expected[empty, empty] = adjacency_mean[empty]
    np.testing.assert_allclose(looped.toarray(), expected, rtol=1e-6)
    assert looped.has_sorted_indices
    np.testing.assert_array_equal(edges[edges >= 0], np.arange(adjacency.nnz))
    np.testing.assert_array_equal(looped.data[edges >= 0], adjacency.data)


def test_a_complete_diagonal_is_not_copied():
    graph = Graph([[2, 1], [0, 4]], edge_features=[[1], [2], [3]])
    looped, features, _ = add_self_loops(graph.adjacency, graph.edge_features)
    assert looped is graph.adjacency
    assert features is graph.edge_features
    loops = MissingLoops.of(graph.adjacency)
    assert loops.insert(graph.adjacency.data, 1) is graph.adjacency.data
    assert loops.widen(graph.adjacency.indptr) is graph.adjacency.indptr


@pytest.mark.parametrize("n_entries", [1, 2, 5, 100])
def test_result_does_not_depend_on_the_block_size(monkeypatch, n_entries):
    monkeypatch.setattr(_self_loops, "_ENTRIES_PER_BLOCK", n_entries)
    adjacency = Graph(sparse.random_array((9, 9), density=0.4, rng=1)).adjacency
    loops = MissingLoops.of(adjacency)
    dense = adjacency.toarray()
    assert loops.nodes.tolist() == np.flatnonzero(np.diag(dense) == 0).tolist()
    before = [adjacency.indptr[i] + np.count_nonzero(dense[i, :i]) for i in loops.nodes]
    assert loops.positions.tolist() == before


def test_loop_of_a_row_without_entries_weighs_the_mean_of_its_column():
    adjacency = sparse.csr_array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
    looped, _, _ = add_self_loops(adjacency)
    np.testing.assert_array_equal(looped.toarray(), [[2, 2, 0], [0, 3, 0], [0, 4, 4]])


@pytest.mark.parametrize("n_entries", [1, 3, 100])
@pytest.mark.parametrize("unit", [1e-37, 0.125, 1e37])
def test_loops_scale_with_the_weights(monkeypatch, unit, n_entries):
    monkeypatch.setattr(_self_loops, "_ENTRIES_PER_BLOCK", n_entries)
    matrix = sparse.random_array((9, 9), density=0.2, rng=3).astype(np.float32)
    matrix += sparse.coo_array(([1], ([0], [8])), shape=(9, 9)).astype(np.float32)
    adjacency = matrix.tocsr()
    adjacency.sort_indices()
    expected = add_self_loops(adjacency)[0].toarray().astype(float)
    isolated = (expected != 0).sum(0) + (expected != 0).sum(1) == 2
    expected[~isolated] *= np.float32(unit)
    scaled = adjacency * np.float32(unit)
    looped = add_self_loops(scaled)[0].toarray()
    np.testing.assert_allclose(looped, expected, rtol=1e-6)


def test_means_of_huge_weights_do_not_overflow():
    looped, _, _ = add_self_loops(Graph([[0, 3e38, 3e38], [0] * 3, [0] * 3]).adjacency)
    np.testing.assert_array_equal(looped.diagonal(), np.float32([3e38, 3e38, 3e38]))


def test_integer_weights_have_a_mean_that_is_not_rounded():
    looped, _, _ = add_self_loops(sparse.csr_array([[0, 1, 2], [0, 1, 0], [0, 0, 1]]))
    np.testing.assert_array_equal(looped.diagonal(), [1.5, 1, 1])
