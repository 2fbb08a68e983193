import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skattn.graph import _encodings, positional_encoding

KINDS = ("random_walk", "laplacian", "degree")
HALF = np.sqrt(0.5)


def encode(adjacency, *args):
    return positional_encoding(sparse.csr_array(np.array(adjacency, float)), *args)


def ring(n_nodes):
    step = np.roll(np.eye(n_nodes), 1, axis=1)
    return step + step.T


def path(n_nodes):
    return np.eye(n_nodes, k=1) + np.eye(n_nodes, k=-1)


def star(n_leaves):
    adjacency = np.zeros((n_leaves + 1, n_leaves + 1))
    adjacency[0, 1:] = adjacency[1:, 0] = 1
    return adjacency


def any_graph(n_nodes, rng, *, directed=False):
    adjacency = (rng.random((n_nodes, n_nodes)) < 0.3) * rng.random((n_nodes, n_nodes))
    return adjacency if directed else adjacency + adjacency.T


def side_by_side(parts):
    sizes = [len(part) for part in parts]
    return sparse.block_diag(parts).toarray(), np.concatenate([[0], np.cumsum(sizes)])


def walk_diagonals(adjacency, n_components):
    """Return the diagonals of the powers of the transition matrix."""
    degree = adjacency.sum(axis=1, keepdims=True)
    step = adjacency / np.where(degree == 0, 1, degree)
    powers = [np.linalg.matrix_power(step, k + 1) for k in range(n_components)]
    return np.stack([np.diag(power) for power in powers], axis=1)


def test_random_walk_on_a_directed_ring_returns_after_n_nodes_steps():
    around = np.roll(np.eye(3), 1, axis=1)
    assert_allclose(encode(around, "random_walk", 6), [[0, 0, 1, 0, 0, 1]] * 3)


def test_random_walk_uses_weights_and_self_loops():
    looped = [[3, 1], [1, 0]]
    expected = [[3 / 4, 9 / 16 + 1 / 4], [0, 1 / 4]]
    assert_allclose(encode(looped, "random_walk", 2), expected)


def test_random_walk_without_return_is_zero():
    assert_array_equal(encode([[0, 1], [0, 0]], "random_walk", 3), np.zeros((2, 3)))


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("n_nodes", [1, 2, 7, 40])
@pytest.mark.parametrize("share", [0, _encodings._DENSE_SHARE, 2])
def test_random_walks_equal_the_powers_of_the_transition_matrix(
    n_nodes, directed, share, monkeypatch
):
    monkeypatch.setattr(_encodings, "_DENSE_SHARE", share)
    adjacency = any_graph(n_nodes, np.random.default_rng(n_nodes), directed=directed)
    expected = walk_diagonals(adjacency, 7)
    assert_allclose(encode(adjacency, "random_walk", 7), expected, atol=1e-6)


@pytest.mark.parametrize("block", [_encodings._BLOCK_SIZE, 1, 300])
def test_random_walks_of_many_graphs_equal_those_of_each(block, monkeypatch):
    monkeypatch.setattr(_encodings, "_BLOCK_SIZE", block)
    rng = np.random.default_rng(0)
    parts = [any_graph(n, rng, directed=n % 2 == 0) for n in (3, 40, 1, 8, 8, 20)]
    whole, node_ptr = side_by_side(parts)
    expected = np.concatenate([walk_diagonals(part, 5) for part in parts])
    assert_allclose(encode(whole, "random_walk", 5, node_ptr), expected, atol=1e-6)
    assert_allclose(encode(whole, "random_walk", 5), expected, atol=1e-6)


def test_random_walks_distinguish_a_hexagon_from_two_triangles():
    hexagon = encode(ring(6), "random_walk", 3)
    triangles = encode(side_by_side([ring(3)] * 2)[0], "random_walk", 3)
    assert_allclose(hexagon, [[0, 1 / 2, 0]] * 6)
    assert_allclose(triangles, [[0, 1 / 2, 1 / 4]] * 6)


def test_eigenvectors_of_a_path_have_positive_sums_of_cubes():
    ends_alike = [[HALF, -0.5], [0, HALF], [HALF, -0.5]]
    assert_allclose(encode(path(3), "laplacian", 2), ends_alike, atol=1e-7)


def test_eigenvectors_of_a_repeated_eigenvalue_are_a_root_mean_square():
    assert_allclose(encode(1 - np.eye(4), "laplacian", 3), np.full((4, 3), 0.5))
    assert_allclose(encode(1 - np.eye(4), "laplacian", 2), np.full((4, 2), 0.5))


def test_a_small_graph_has_zeros_for_missing_eigenvectors():
    assert_allclose(encode(path(2), "laplacian", 3), [[HALF, 0, 0]] * 2)
    assert_array_equal(encode([[0]], "laplacian", 3), [[0, 0, 0]])
    assert_array_equal(encode([[1]], "laplacian", 3), [[0, 0, 0]])


def test_eigenvectors_are_those_of_every_component():
    parts = [path(3), [[0]], ring(4), path(3), path(2)]
    whole, node_ptr = side_by_side(parts)
    expected = np.concatenate([encode(part, "laplacian", 3) for part in parts])
    assert_allclose(encode(whole, "laplacian", 3), expected, atol=1e-7)
    assert_allclose(encode(whole, "laplacian", 3, node_ptr), expected, atol=1e-7)


def test_many_components_of_one_size_need_not_fit_one_stack(monkeypatch):
    monkeypatch.setattr(_encodings, "_BLOCK_SIZE", 2 * 3**2)
    monkeypatch.setattr(_encodings, "_MAX_DENSE", 3)
    whole, _ = side_by_side([path(3)] * 5)
    expected = np.tile(encode(path(3), "laplacian", 2), (5, 1))
    assert_allclose(encode(whole, "laplacian", 2), expected, atol=1e-7)


def test_eigenvectors_ignore_edge_directions():
    one_way = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    expected = encode(path(3), "laplacian", 2)
    assert_allclose(encode(one_way, "laplacian", 2), expected, atol=1e-7)


@pytest.mark.parametrize("restarts", [_encodings._MAX_RESTARTS, 1])
def test_eigenvectors_of_large_graphs_are_the_same(restarts, monkeypatch):
    parts = [ring(40), path(40), path(40), star(39)]
    whole, _ = side_by_side(parts)
    expected = encode(whole, "laplacian", 3)
    monkeypatch.setattr(_encodings, "_MAX_DENSE", 20)
    monkeypatch.setattr(_encodings, "_MAX_RESTARTS", restarts)
    found = encode(whole[:120, :120], "laplacian", 3)
    assert_allclose(found, expected[:120], atol=1e-6)


def test_degrees_count_senders_up_to_the_last_column():
    expected = [[0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert_array_equal(encode(star(4), "degree", 3), expected)
    assert_array_equal(encode([[0, 1], [0, 0]], "degree", 3), [[0, 1, 0], [1, 0, 0]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_nodes", [30, 150])
def test_encodings_are_permutation_equivariant(kind, n_nodes):
    rng = np.random.default_rng(n_nodes)
    shapes = [ring(6), path(9), star(5), ring(4) * 2, any_graph(n_nodes, rng)]
    if kind != "laplacian":
        shapes.append(any_graph(12, rng, directed=True))
    whole, _ = side_by_side(shapes)
    order = rng.permutation(len(whole))
    permuted = encode(whole[order][:, order], kind, 6)
    assert_allclose(permuted, encode(whole, kind, 6)[order], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_encodings_are_float32_and_the_same_twice(kind):
    adjacency = any_graph(150, np.random.default_rng(0))
    first, second = encode(adjacency, kind, 4), encode(adjacency, kind, 4)
    assert first.dtype == np.float32
    assert_array_equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_without_nodes_has_no_rows(kind):
    assert encode(np.empty((0, 0)), kind, 4).shape == (0, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_adjacency_is_not_changed(kind):
    adjacency = sparse.csr_array(any_graph(9, np.random.default_rng(0)))
    before = adjacency.toarray()
    positional_encoding(adjacency, kind, 4)
    assert_array_equal(adjacency.toarray(), before)


def test_unknown_choices_are_errors():
    with pytest.raises(ValueError, match=r"kind must be one of .* got 'sinusoidal'"):
        encode(path(2), "sinusoidal", 2)
    with pytest.raises(ValueError, match="n_components must be at least 1, got 0"):
        encode(path(2), "degree", 0)
