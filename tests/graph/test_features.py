import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._features import (
    as_features,
    degree_features,
    n_features_of,
    size_of,
    take_rows,
)

PATH = [[0, 2, 0, 0], [2, 0, 3, 0], [0, 3, 0, 4], [0, 0, 4, 0]]
X = np.arange(8.0).reshape(4, 2)


def test_other_features_are_of_the_whole_graph(graph):
    with pytest.raises(ValueError, match=r"whole graph \(4\), got 2 rows"):
        graph[[2, 1]].with_features(np.ones((2, 3)))


@pytest.mark.parametrize(
    "make", [np.asarray, np.ndarray.tolist, sparse.coo_array, pd.DataFrame]
)
def test_features_of_any_type_can_be_sliced(make):
    part = Graph(PATH, make(X)).subgraph([3, 1])
    dense = part.X.toarray() if sparse.issparse(part.X) else np.asarray(part.X)
    np.testing.assert_array_equal(dense, X[[3, 1]])


def test_features_are_two_dimensional():
    with pytest.raises(ValueError, match=r"two-dimensional.*got shape \(4,\)"):
        Graph(PATH, np.ones(4))


def test_containers_keep_their_type_and_lists_become_arrays():
    for given in (X, sparse.coo_array(X), pd.DataFrame(X)):
        assert as_features(given) is given
    assert as_features(None) is None
    np.testing.assert_array_equal(as_features(X.tolist()), X)
    assert type(as_features(sparse.csr_matrix(X).todense())) is np.ndarray


@pytest.mark.parametrize(
    "make", [np.asarray, sparse.coo_array, sparse.csc_matrix, pd.DataFrame]
)
def test_rows_are_taken_in_the_order_given(make):
    taken = take_rows(make(X), np.array([2, 0, 2]))
    dense = taken.toarray() if sparse.issparse(taken) else np.asarray(taken)
    np.testing.assert_array_equal(dense, X[[2, 0, 2]])


def test_no_features_have_no_columns_and_no_size():
    assert (n_features_of(None), size_of(None)) == (0, 0)
    assert (n_features_of(X), size_of(X)) == (2, 64)


def test_degree_features_count_the_senders():
    adjacency = sparse.csr_array([[0, 5, 5], [0, 0, 0], [1, 0, 0]])
    found = degree_features(adjacency)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[1, np.log(3)], [1, 0], [1, np.log(2)]], 1e-6)
