import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from skattn.graph import _exact_neighbors, add_self_loops, knn_adjacency
from skattn.graph._resolve import resolve

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])


def test_training_rows_of_a_table_attend_to_training_rows(senders, check):
    context = resolve(LINE, n_neighbors=1, check=check)
    train, held_out = context.split(np.array([4, 0, 2]), np.array([1, 3]))
    assert train.base is held_out.base
    assert [senders(train, k) for k in range(3)] == [[3], [3], [0]]
    assert [senders(held_out, k) for k in range(2)] == [[0], [8]]
    assert context.kind == "table"
    assert context.n_rows == 5
    assert len(check.seen) == 1
    assert check.seen[0] is LINE


def test_features_are_the_checked_ones(check):
    context = resolve(LINE, n_neighbors=1, check=check)
    train, _ = context.split(np.arange(5), None)
    assert train.X is context.features


def test_rows_in_neither_set_are_context(senders, check):
    context = resolve(LINE, n_neighbors=1, check=check)
    train, held_out = context.split(np.array([0]), np.array([1]))
    assert senders(train, 0) == [3]
    assert len(train) == len(held_out) == 1


def test_new_rows_attend_to_fitted_rows_never_to_each_other(senders, check):
    fitted = resolve(LINE, n_neighbors=2, check=check).fitted()
    joined = fitted.join(np.array([[8.0], [8.1], [-1.0]]), check=check)
    assert [senders(joined, k) for k in range(3)] == [[7, 8], [7, 8], [0, 1]]
    assert senders(joined.base, 4) == [3, 7]
    assert joined.n_nodes == 8
    matrix = sparse.csr_array(np.arange(64.0).reshape(8, 8))
    placed = fitted.placer(LINE, joined)(matrix)
    np.testing.assert_array_equal(placed.toarray(), matrix.toarray()[5:])


def test_prediction_does_not_depend_on_the_batch(senders, check):
    fitted = resolve(LINE, n_neighbors=2, check=check).fitted()
    new = np.array([[2.0], [2.1], [9.0]])
    together = fitted.join(new, check=check)
    for k in range(3):
        alone = fitted.join(new[[k]], check=check)
        assert senders(alone, 0) == senders(together, k)


def test_sparse_tables_stay_sparse(check):
    fitted = resolve(sparse.csr_array(LINE), n_neighbors=2, check=check).fitted()
    joined = fitted.join(sparse.csr_array(LINE[:2]), check=check)
    assert sparse.issparse(joined.X)
    assert joined.shape == (2, 1)


def test_few_rows_reduce_the_neighbours_with_a_warning(senders, check):
    context = resolve(LINE, check=check)
    with pytest.warns(UserWarning, match="more than the 3 other rows"):
        train, held_out = context.split(np.arange(4), np.array([4]))
    assert senders(held_out, 0) == [0, 1, 3, 7]
    assert senders(train, 0) == [1, 3, 7]


def test_held_out_rows_without_others_are_isolated(check):
    context = resolve(LINE, n_neighbors=2, check=check)
    _, held_out = context.split(np.arange(0), np.arange(5))
    assert held_out.n_edges == 0


@pytest.mark.parametrize(
    ("offset", "step", "n_columns"),
    [(5.1e6, 0.02, 2), (-3e8, 0.01, 1), (1e6, 1e-4, 20)],
)
def test_neighbours_are_sought_in_the_precision_given(offset, step, n_columns, check):
    X = offset + step * LINE * np.ones(n_columns)
    context = resolve(X, n_neighbors=1, check=check)
    assert context.neighbors.ravel().tolist() == [1, 0, 1, 4, 3]
    train, _ = context.split(np.array([4, 0, 2]), np.array([1, 3]))
    assert train.X is context.features
    assert train.base.adjacency[[0, 1, 2, 3, 4]].indices.tolist() == [2, 0, 0, 4, 2]
    joined = context.fitted().join(X + step / 10, check=check)
    assert joined.adjacency[joined.targets].indices.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(joined.X[:5], X)


def test_index_and_graph_are_built_once_and_kept(monkeypatch, check):
    built = []

    class Counted(NearestNeighbors):
        def fit(self, X, y=None):
            built.append(len(X))
            return super().fit(X, y)

    monkeypatch.setattr(_exact_neighbors, "NearestNeighbors", Counted)
    context = resolve(LINE, n_neighbors=2, check=check)
    view, _ = context.split(np.arange(5), None)
    fitted = context.fitted()
    for _ in range(2):
        fitted.join(LINE[:2] + 0.1, check=check)
    assert built == [5]
    np.testing.assert_array_equal(fitted.adjacency.toarray(), view.adjacency.toarray())
    assert fitted.adjacency.has_sorted_indices


def test_neighbours_of_some_fitted_rows_need_no_search_of_all(check):
    context = resolve(LINE, n_neighbors=2, check=check)
    some = np.array([4, 0])
    searched = context.neighbors_of_fitted(some)
    assert "neighbors" not in vars(context)
    np.testing.assert_array_equal(searched, [[3, 2], [1, 2]])
    np.testing.assert_array_equal(context.neighbors[some], searched)
    np.testing.assert_array_equal(context.neighbors_of_fitted(some), searched)


def test_method_of_the_search_is_checked_before_work_starts(check):
    with pytest.raises(ValueError, match="neighbor_search must be one of"):
        resolve(LINE, neighbor_search="fast", check=check)
    assert not check.seen


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(1, 4), st.randoms(use_true_random=False))
def test_table_is_the_neighbour_graph_when_nothing_is_held_out(n_rows, k, random):
    X = np.array([[random.random(), random.random()] for _ in range(n_rows)])
    k = min(k, n_rows - 1)
    train, _ = resolve(X, n_neighbors=k, check=lambda X, **_: X).split(
        np.arange(n_rows), None
    )
    expected = knn_adjacency(X, n_neighbors=k)
    np.testing.assert_array_equal(train.adjacency.toarray(), expected.toarray())
    looped, _, _ = add_self_loops(train.adjacency)
    assert (np.diff(looped.indptr) == k + 1).all()
