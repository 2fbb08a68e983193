import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import knn_adjacency, knn_graph

LINE = np.array([[0.0], [1.0], [3.0], [7.0]])


def test_rows_attend_to_their_nearest_others():
    expected = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    adjacency = knn_adjacency(LINE, n_neighbors=1)
    np.testing.assert_array_equal(adjacency.toarray(), expected)
    assert adjacency.dtype == np.float32


@pytest.mark.parametrize(
    "make", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array]
)
def test_sparse_rows_have_the_neighbours_of_dense_ones(make):
    X = np.random.default_rng(0).random((30, 6)) * (np.arange(6) % 2)
    near = knn_adjacency(make(X), n_neighbors=3)
    np.testing.assert_array_equal(
        near.toarray(), knn_adjacency(X, n_neighbors=3).toarray()
    )


def test_duplicate_rows_attend_to_each_other_not_to_themselves():
    adjacency = knn_adjacency([[1.0], [1.0], [9.0]], n_neighbors=1).toarray()
    np.testing.assert_array_equal(adjacency[:2], [[0, 1, 0], [1, 0, 0]])
    assert not adjacency.diagonal().any()


def test_metric_is_chosen_by_name():
    X = [[1.0, 0.0], [9.0, 1.0], [1.0, 0.5]]
    assert knn_adjacency(X, n_neighbors=1)[0, 2] == 1
    assert knn_adjacency(X, n_neighbors=1, metric="cosine")[0, 1] == 1


def test_too_many_neighbours_are_reduced_with_a_warning():
    with pytest.warns(UserWarning, match="n_neighbors=8 is more than the 3 other"):
        adjacency = knn_adjacency(LINE)
    np.testing.assert_array_equal(adjacency.toarray(), 1 - np.eye(4))


def test_a_single_row_has_no_neighbours():
    with pytest.warns(UserWarning, match="the 0 other rows"):
        assert knn_adjacency([[1.0]]).nnz == 0


def test_no_neighbours_are_refused():
    with pytest.raises(ValueError, match="n_neighbors must be at least 1, got 0"):
        knn_adjacency(LINE, n_neighbors=0)


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        knn_adjacency([[np.nan], [1.0]])


def test_graph_of_a_frame_keeps_the_frame():
    frame = pd.DataFrame(LINE, columns=["x"])
    graph = knn_graph(frame, n_neighbors=2)
    assert graph.X is frame
    assert graph.n_edges == 8
    assert not graph.is_weighted
