import numpy as np
import pytest
from scipy import sparse

from skattn.graph import _neighbor_search
from skattn.graph._neighbor_search import NeighborSearch, check_search

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])


def test_nearest_rows_of_new_rows():
    found = NeighborSearch(LINE, 2).nearest(np.array([[7.9], [-5.0]]))
    np.testing.assert_array_equal(found, [[4, 3], [0, 1]])


def test_nearest_others_of_all_and_of_some():
    search = NeighborSearch(LINE, 2)
    every = search.nearest_others()
    np.testing.assert_array_equal(every, [[1, 2], [0, 2], [1, 0], [4, 2], [3, 2]])
    some = np.array([3, 0])
    np.testing.assert_array_equal(search.nearest_others(some), every[some])


@pytest.mark.parametrize("n_columns", [1, 20])
def test_many_duplicates_hide_a_row_but_are_not_the_row(n_columns):
    search = NeighborSearch(np.ones((30, n_columns)), 3)
    found = search.nearest_others()
    assert found.shape == (30, 3)
    assert (found != np.arange(30)[:, None]).all()


@pytest.mark.parametrize(("make", "largest"), [
    (np.float64, 1e200),
    (lambda rows: sparse.csr_array(rows, dtype=np.float32), -1e30),
])  # fmt: skip
def test_numbers_whose_squares_overflow_are_refused(make, largest):
    rows = make(np.array([[0.0], [1.0], [largest]]))
    with pytest.raises(ValueError, match="whose squares do not overflow"):
        NeighborSearch(rows, 1).nearest_others()
    with pytest.raises(ValueError, match="whose squares do not overflow"):
        NeighborSearch(make(LINE), 1).nearest(rows)


def test_large_numbers_of_float32_are_compared_in_float64():
    rows = (LINE * 1e37).astype(np.float32)
    expected = NeighborSearch(LINE, 2).nearest_others()
    np.testing.assert_array_equal(NeighborSearch(rows, 2).nearest_others(), expected)


def test_fewer_rows_than_neighbours():
    search = NeighborSearch(LINE, 8)
    assert search.nearest(LINE[:2]).shape == (2, 5)
    assert search.nearest_others().shape == (5, 4)
    assert NeighborSearch(LINE[:1], 8).nearest_others().shape == (1, 0)
    assert NeighborSearch(LINE[:0], 8).nearest(LINE).shape == (5, 0)
    assert NeighborSearch(LINE[:0], 8).nearest_others().shape == (0, 0)


@pytest.mark.parametrize(
    ("shape", "method", "metric", "installed", "expected"),
    [
        ((100_000, 8), "auto", "euclidean", True, True),
        ((100_000, 8), "auto", "euclidean", False, False),
        ((100_000, 8), "auto", "canberra", True, False),
        ((100_000, 8), "exact", "euclidean", True, False),
        ((99_999, 8), "auto", "euclidean", True, False),
        ((100_000, 7), "auto", "euclidean", True, False),
        ((1001, 2), "approximate", "euclidean", True, True),
        ((1000, 2), "approximate", "euclidean", True, False),
    ],
)
def test_choice_of_the_method(monkeypatch, shape, method, metric, installed, expected):
    monkeypatch.setattr(_neighbor_search, "is_available", lambda: installed)
    rows = np.broadcast_to(np.float32(0), shape)
    assert NeighborSearch(rows, 10, method, metric).is_approximate is expected


def test_sparse_tables_are_searched_exactly(monkeypatch):
    monkeypatch.setattr(_neighbor_search, "is_available", lambda: True)
    rows = sparse.csr_array((200_000, 30))
    assert not NeighborSearch(rows, 10).is_approximate


def test_methods_and_metrics_that_do_not_exist_are_refused(monkeypatch):
    with pytest.raises(ValueError, match=r"must be one of .* got 'fast'"):
        check_search("fast", "euclidean")
    with pytest.raises(ValueError, match=r"needs a metric of .* got 'canberra'"):
        check_search("approximate", "canberra")
    monkeypatch.setattr(_neighbor_search, "is_available", lambda: False)
    with pytest.raises(ImportError, match=r"pip install 'skattn\[neighbors\]'"):
        check_search("approximate", "euclidean")
    check_search("auto", "canberra")


@pytest.mark.xdist_group("pynndescent")  # which compiles in each process
@pytest.mark.parametrize(
    "method", ["exact", pytest.param("approximate", marks=pytest.mark.slow)]
)
def test_sparse_rows_find_neighbours_among_dense_ones(method):
    rows = np.random.default_rng(0).normal(size=(1200, 3))
    search = NeighborSearch(rows, 2, method)
    new = rows[:5] * [1, 0, 1]
    found = search.nearest(sparse.csr_array(new))
    np.testing.assert_array_equal(found, search.nearest(new))
