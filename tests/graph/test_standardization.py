import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skattn import Graph
from skattn.graph import _standardization
from skattn.graph._collection import GraphCollection
from skattn.graph._standardization import (
    Standardization,
    training_edges,
    training_nodes,
)

PATH = np.eye(3, k=1) + np.eye(3, k=-1)


def columns(*values):
    return np.column_stack(values).astype(np.float32)


def test_numbers_are_standardised():
    X = columns([1.0, 3.0, 5.0, 7.0])
    found = Standardization.of(X)
    assert found.mean == (4.0,)
    assert_allclose(found.scale, [np.sqrt(5)])
    scaled = found.apply(X)
    assert_allclose(scaled.ravel(), np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-6)
    assert scaled.dtype == np.float32
    assert_array_equal(X.ravel(), [1, 3, 5, 7])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([0, 1, 1, 0], [0, 1, 1, 0]),
        ([0, 5, 5, 0], [0, 1, 1, 0]),
        ([0, 5, 5, 5], [0, 1, 1, 1]),
        ([0, -2, 0, 0], [0, -1, 0, 0]),
        ([7, 7, 7, 7], [1, 1, 1, 1]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_indicators_keep_their_zeros(column, expected):
    X = columns(column, [1, 2, 3, 4])
    assert_array_equal(Standardization.of(X).apply(X)[:, 0], expected)


def test_columns_that_are_mostly_zero_keep_their_zeros():
    X = columns([0, 3, 4, 0, 0])
    found = Standardization.of(X)
    assert found.mean == (0.0,)
    assert_allclose(found.scale, np.sqrt((9 + 16) / 2))
    half = columns([0, 3, 4, 0])
    assert Standardization.of(half).mean == (1.75,)


def test_rounding_errors_of_a_constant_are_not_magnified():
    noise = 1e4 * (1 + np.array([0, 1e-7, -1e-7, 0]))
    found = Standardization.of(columns(noise))
    assert_allclose(found.apply(columns(noise)), np.ones((4, 1)), rtol=1e-6)
    assert Standardization.of(noise[:, None]).mean != (0.0,)  # float64 holds it


def test_indicators_of_zero_and_one_are_not_copied():
    X = columns([0, 1, 1, 0], [1, 1, 1, 1])
    assert Standardization.of(X).apply(X) is X


@pytest.mark.parametrize("unit", [1e-38, 1e-3, 1000.0, 1e37])
@pytest.mark.parametrize("offset", [0.0, 4.0])
def test_unit_and_offset_do_not_matter(unit, offset):
    column = np.array([0.5, 1.0, 2.0, 7.0])
    expected = (column - column.mean()) / column.std()
    X = columns(unit * (column + offset))
    assert_allclose(Standardization.of(X).apply(X).ravel(), expected, rtol=1e-5)


def test_statistics_are_of_float64():
    column = 1.7e9 + np.arange(4.0)
    scaled = Standardization.of(column[:, None]).apply(column[:, None])
    assert_allclose(scaled.ravel(), np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-6)


def test_result_does_not_depend_on_the_block_size(monkeypatch):
    X = np.random.default_rng(0).normal(3, 2, size=(36, 2)).astype(np.float32)
    rows = np.arange(1, 36, 2)
    whole = Standardization.of(X, rows)
    assert_allclose(whole.mean, X[1::2].mean(0), rtol=1e-5)
    assert_allclose(whole.scale, X[1::2].std(0), rtol=1e-5)
    monkeypatch.setattr(_standardization, "_ROWS_PER_BLOCK", 5)
    parts = Standardization.of(X, rows)
    assert_allclose(parts.mean, whole.mean)
    assert_allclose(parts.scale, whole.scale)
    assert_array_equal(parts.apply(X), whole.apply(X))


def test_sparse_columns_are_scaled_as_dense_ones_that_keep_their_zeros():
    dense = columns([0, 3, 4, 0, 0], [0, 0, 2, 0, 2], [0, 0, 0, 0, 0])
    rows, X = np.array([0, 1, 4]), sparse.csr_array(dense)
    for of in (None, rows):
        found = Standardization.of(X, of)
        assert found == Standardization.of(dense if of is None else dense[of])
        assert_allclose(found.apply(X).toarray(), found.apply(dense))


def test_sparse_columns_are_never_centred():
    X = sparse.csr_array(columns([1.0, 3.0, 5.0, 7.0]))
    assert Standardization.of(X) == Standardization((0.0,), (np.sqrt(21),))


def test_sparse_rows_are_centred_as_the_dense_ones_of_the_fit():
    dense = columns([1.0, 3.0, 0.0, 7.0], [0, 5, 5, 0])
    found = Standardization.of(dense)
    assert_array_equal(found.apply(sparse.csr_array(dense)), found.apply(dense))


def test_training_nodes_are_targets_or_nodes_of_target_graphs():
    graph = Graph(PATH)
    assert training_nodes(graph[[2, 0, 2]]).tolist() == [0, 2]
    collection = GraphCollection.of([graph, Graph([[0]]), graph])
    assert training_nodes(collection[[2, 1, 1]]).tolist() == [3, 4, 5, 6]


def test_training_edges_are_all_of_a_graph_or_those_of_target_graphs():
    graph = Graph(PATH)
    assert training_edges(graph[[1]]) is None
    collection = GraphCollection.of([graph, Graph([[1]]), graph])
    assert training_edges(collection) is None
    assert training_edges(collection[[2, 1, 1]]).tolist() == [4, 5, 6, 7, 8]


def test_no_rows_change_nothing():
    assert Standardization.of(np.empty((0, 2))) == Standardization((0, 0), (1, 1))


@pytest.mark.parametrize("scale", [(0.0,), (-1.0,), (np.nan,), (np.inf,)])
def test_scales_must_be_positive(scale):
    with pytest.raises(ValueError, match="positive"):
        Standardization((0.0,), scale)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_rows_get_norm_one_in_the_root_mean_square(form):
    X = form(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 1.0]]))
    found = Standardization.identity(2).to_unit_norm(X)
    assert found.mean == (0.0, 0.0)
    assert found.scale == pytest.approx((np.sqrt(26 / 3),) * 2)
    assert found.is_uniform
    scaled = found.apply(X)
    scaled = scaled.toarray() if sparse.issparse(scaled) else scaled
    assert np.square(scaled).sum(1).mean() == pytest.approx(1)


def test_the_norm_is_that_of_standardised_rows():
    X = np.random.default_rng(0).normal(5, [1, 10, 100], (50, 3))
    found = Standardization.of(X).to_unit_norm(X)
    assert not found.is_uniform
    scaled = found.apply(X)
    assert_allclose(scaled.mean(0), 0, atol=1e-5)
    assert_allclose(scaled.std(0), 1 / np.sqrt(3), rtol=1e-5)


def test_rows_of_zeros_keep_their_scale():
    found = Standardization.identity(2).to_unit_norm(np.zeros((3, 2)))
    assert found == Standardization.identity(2)
