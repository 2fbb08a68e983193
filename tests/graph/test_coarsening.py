import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse.csgraph import connected_components

from skattn.graph._coarsening import finest_level, levels


def coarsened(dense, seed=0):
    finest = finest_level(sp.csr_array(np.array(dense, float)))
    return levels(finest, np.random.RandomState(seed))


def test_weight_of_an_edge_is_its_mean_share_at_both_ends():
    # 0 - 1 with weight 3, given once; 1 - 2 with weight 1, given twice; a self-loop
    level = finest_level(sp.csr_array([[7.0, 3, 0], [0, 0, 0.5], [0, 0.5, 0]]))
    assert_allclose(
        level.weights.toarray(),
        [[0, 7 / 8, 0], [7 / 8, 0, 5 / 8], [0, 5 / 8, 0]],
    )
    assert_array_equal(level.masses, [1, 1, 1])


def test_two_nodes_become_one_and_isolated_nodes_remain():
    fine, coarse = coarsened([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert_array_equal(fine.members, [0, 0, 1])
    assert_array_equal(coarse.masses, [2, 1])
    assert coarse.weights.nnz == 0
    assert coarse.members is None


def test_the_heaviest_edge_is_matched_first():
    # a path whose edge in the middle is heavy: its ends take the others in
    path = np.diag([1.0, 9, 1], k=1)
    fine, coarse = coarsened(path + path.T)
    assert_array_equal(fine.members, [0, 0, 0, 0])
    assert_array_equal(coarse.masses, [4])


def test_weights_between_merged_nodes_are_summed():
    # two heavy pairs, between which all four light edges lie
    dense = np.full((4, 4), 0.1) - 0.1 * np.eye(4)
    dense[[0, 1, 2, 3], [1, 0, 3, 2]] = 5
    fine, coarse, last = coarsened(dense)
    assert_array_equal(fine.members, [0, 0, 1, 1])
    between = 4 * 0.1 / 5.2
    assert_allclose(coarse.weights.toarray(), [[0, between], [between, 0]])
    assert_array_equal(last.masses, [4])


def test_star_takes_one_level():
    star = np.zeros((30, 30))
    star[0, 1:] = 1
    assert [len(level.masses) for level in coarsened(star)] == [30, 1]


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 30), density=st.floats(0, 0.5), seed=st.integers(0, 999))
def test_levels_shrink_to_one_node_per_component(n, density, seed):
    dense = np.random.default_rng(seed).random((n, n)) < density
    found = coarsened(dense, seed)
    n_components, labels = connected_components(sp.csr_array(dense), directed=False)
    sizes = [len(level.masses) for level in found]
    assert sizes == sorted(set(sizes), reverse=True)
    assert all(level.masses.sum() == n for level in found)
    component_sizes = np.bincount(labels, minlength=n_components)
    assert_array_equal(np.sort(found[-1].masses), np.sort(component_sizes))
    for level in found:
        assert abs(level.weights - level.weights.T).max() < 1e-9
        assert not level.weights.diagonal().any()
