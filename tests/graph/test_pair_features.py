import numpy as np
import pytest
import scipy.sparse as sp

from skattn.graph import _pair_features
from skattn.graph._pair_features import PairFeatures, unit_rows

EDGES = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 4)]
"""Two triangles that share an edge, and a tail."""


def symmetric(edges, n):
    matrix = np.zeros((n, n))
    for i, j in edges:
        matrix[i, j] = matrix[j, i] = 1
    return sp.csr_array(matrix)


def test_features_of_two_pairs_by_hand():
    found = PairFeatures.of(symmetric(EDGES, 5))(np.array([[0, 3], [4, 0]]))
    of_03 = [2, 2 / np.log(3), 2 / 3, 1 / 9, 1 / 9, 8 / 27, 2, 3]
    of_40 = [0, 0, 0, 1 / 3, 1 / 3, 1 / 9, 1, 2]
    assert found == pytest.approx(np.array([of_03, of_40]))


def test_the_reverse_pair_has_the_same_features():
    rng = np.random.default_rng(0)
    dense = np.triu(rng.random((12, 12)) < 0.3, 1)
    features = PairFeatures.of(sp.csr_array((dense | dense.T).astype(float)))
    pairs = rng.integers(0, 12, (30, 2))
    assert np.allclose(features(pairs), features(pairs[:, ::-1]))


def reference(adjacency, pairs):
    """Compute the symmetric features with dense matrices."""
    A = adjacency.toarray()
    degree = A.sum(1)
    walk = A / np.maximum(degree, 1)[:, None]
    two = walk @ walk
    first, second = pairs.T
    common = A[first] * A[second]
    there = (two[first] * walk[second]).sum(1)
    back = (two[second] * walk[first]).sum(1)
    return np.stack(
        [
            common.sum(1),
            common @ (1 / np.log(np.maximum(degree, 2))),
            common @ (1 / np.maximum(degree, 1)),
            np.minimum(there, back),
            np.maximum(there, back),
            (two[first] * two[second]).sum(1),
            *np.sort(degree[pairs], 1).T,
        ],
        1,
    )


@pytest.mark.parametrize("density", [0.02, 0.2, 0.9])
def test_compiled_sums_agree_with_dense_matrices(density):
    rng = np.random.default_rng(0)
    dense = np.triu(rng.random((40, 40)) < density, 1)
    adjacency = sp.csr_array((dense | dense.T).astype(float))
    pairs = rng.integers(0, 40, (300, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    found = PairFeatures.of(adjacency)(pairs)
    assert np.allclose(found, reference(adjacency, pairs), rtol=1e-12)


def test_blocks_and_other_pairs_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    forward = sp.csr_array(np.triu(rng.random((30, 30)) < 0.2, 1).astype(float))
    adjacency = (forward + forward.T).tocsr()
    rows = unit_rows(sp.csr_array(rng.random((30, 4))))
    pairs = rng.integers(0, 30, (50, 2))
    features = PairFeatures.of(adjacency, forward, rows)
    expected = features(pairs)
    assert np.allclose(features(pairs[7:9]), expected[7:9], rtol=1e-12)
    monkeypatch.setattr(_pair_features, "N_PAIRS", 7)
    assert np.array_equal(features(pairs), expected)


def test_directed_features_count_the_nodes_between_by_direction():
    # 0 -> 2 -> 1 and 1 -> 3, 0 -> 3
    forward = sp.csr_array(([1.0, 1, 1, 1], ([0, 2, 1, 0], [2, 1, 3, 3])), shape=(4, 4))
    adjacency = (forward + forward.T).tocsr()
    found = PairFeatures.of(adjacency, forward)(np.array([[0, 1]]))[0, 8:]
    #   out-out (3), out-in (2), in-out, in-in, out 0, in 0, out 1, in 1
    assert found.tolist() == [1, 1, 0, 0, 2, 0, 1, 1]


def test_the_cosine_of_sparse_dense_and_empty_rows():
    X = np.array([[3.0, 4], [4, 3], [0, 0], [-3, -4], [1, 0]])
    pairs = np.array([[0, 1], [0, 2], [0, 3]])
    for rows in (unit_rows(X), unit_rows(sp.csr_array(X))):
        features = PairFeatures.of(symmetric(EDGES, 5), None, rows)
        assert features(pairs)[:, -1] == pytest.approx([24 / 25, 0, -1])


def test_nodes_without_neighbours_have_zeros():
    features = PairFeatures.of(symmetric([(0, 1)], 4))
    assert features(np.array([[2, 3]])).tolist() == [[0.0] * 8]
