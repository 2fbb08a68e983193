import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skattn.graph import _cells
from skattn.graph._cells import CellIndex, first_copies

LINE = np.array([0.0, 1, 3, 7, 8])[:, None]
NEAREST = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [3, 4, 2], [4, 3, 2]]


@pytest.fixture(autouse=True)
def small_cells(monkeypatch):
    monkeypatch.setattr(_cells, "CELL_ROWS", 32)
    monkeypatch.setattr(_cells, "BLOCK_QUERIES", 40)
    monkeypatch.setattr(_cells, "QUERIES_PER_THREAD", 15)


def by_differences(rows, X, k):
    """Distances and positions of the k nearest rows, equal distances by position."""
    differences = X[:, None].astype(np.float64) - rows
    squares = np.einsum("ijk,ijk->ij", differences, differences)
    found = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return np.sqrt(np.take_along_axis(squares, found, axis=1)), found


def check(rows, X, k):
    distances, found = CellIndex.of(rows, k).query(X, k)
    expected, nearest = by_differences(rows, X, k)
    np.testing.assert_array_equal(found, nearest)
    np.testing.assert_allclose(distances, expected, rtol=1e-14)


def line(offset=0.0, scale=1.0):
    """The line in 20 columns."""
    return offset + scale * LINE * np.linspace(1, 2, 20)


@pytest.mark.parametrize(
    ("offset", "scale"),
    [(0, 1), (1e6, 1e-3), (-3e8, 0.1), (1e12, 1), (0, 1e-100), (0, 1e-30), (0, 1e35)],
)
def test_rows_of_any_offset_and_scale_have_their_nearest(offset, scale):
    X = line(offset, scale)
    distances, found = CellIndex.of(X, 3).query(X, 3)
    np.testing.assert_array_equal(found, NEAREST)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_clusters_far_apart_have_their_nearest():
    X = np.concatenate([line(-1e6, 1e-3), line(1e6, 1e-3)])
    _, found = CellIndex.of(X, 3).query(X, 3)
    np.testing.assert_array_equal(found[:5], NEAREST)
    np.testing.assert_array_equal(found[5:], np.array(NEAREST) + 5)


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.int8, bool, np.longdouble]
)
def test_tables_of_any_dtype(dtype):
    rows = np.random.default_rng(0).normal(0, 9, (300, 6)).astype(dtype)
    check(rows, rows[::3], 3)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 500), st.integers(1, 12), st.integers(1, 30),
    st.sampled_from([1 / 16, 1.0, 1024.0]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_cells_find_what_all_differences_find(n_rows, n_columns, k, step, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, n_columns)) * rng.lognormal(0, 3, n_columns)
    rows = np.round(rows / step) * step  # equal rows, and ties without rounding
    new = np.concatenate([rows[:20], rng.normal(size=(50, n_columns))])
    check(rows, new, min(k, n_rows))


def test_of_rows_at_equal_distances_the_first_are_nearest():
    grid = np.stack(np.meshgrid(*[np.arange(4.0)] * 5), axis=-1).reshape(-1, 5)
    rows = np.concatenate([grid, grid[::-1]])
    check(rows, grid[::7], 9)
    check(rows, grid[::7] + 0.5, 9)


def test_one_row_many_times_costs_no_more_than_k_copies():
    rows = np.repeat([[0.0, 1, 2], [5, 5, 5]], [900, 3], axis=0)
    index = CellIndex.of(rows, 4)
    assert (index.cells.members >= 0).sum() == 7
    check(rows, rows[[0, 450, 901]], 4)


def test_all_but_the_first_copies_are_left_out():
    rows = np.array([[1.0], [2], [1], [1], [2], [3], [1]])
    assert first_copies(rows, 2).tolist() == [0, 1, 2, 4, 5]
    assert first_copies(rows, 9).tolist() == list(range(7))


def test_rows_of_equal_hashes_are_distinguished(monkeypatch):
    def hashes(rows):
        return np.zeros(len(rows), np.uint64)

    monkeypatch.setattr(_cells, "row_hashes", hashes)
    assert first_copies(np.arange(6.0)[:, None], 2).tolist() == list(range(6))


@pytest.mark.parametrize("distance", [1e9, 1e25, 1e37])
def test_new_rows_far_from_a_small_table(distance):
    rows = np.random.default_rng(0).normal(0, 1e-30, (200, 6))
    new = np.zeros((2, 6))
    new[1, 0] = distance
    with np.errstate(all="raise", under="ignore"):
        check(rows, new, 5)


def test_an_outlier_does_not_change_the_neighbours_of_others():
    rows = np.random.default_rng(0).normal(size=(500, 6))
    rows[7] = 1e12
    check(rows, rows, 5)


def test_an_answer_does_not_depend_on_its_batch():
    rows = np.random.default_rng(0).normal(size=(500, 6)).astype(np.float32)
    index = CellIndex.of(rows, 5)
    distances, found = index.query(rows, 5)
    for row in range(0, 500, 50):
        alone = index.query(rows[[row]], 5)
        np.testing.assert_array_equal(alone[0][0], distances[row])
        np.testing.assert_array_equal(alone[1][0], found[row])


def test_an_answer_does_not_depend_on_the_number_of_threads(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(700, 6))
    index = CellIndex.of(rows, 5)
    found = []
    for n_threads in (1, 2, 5):
        monkeypatch.setattr(_cells, "effective_threads", lambda n=n_threads: n)
        found.append(index.query(rows[:, ::-1], 5))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch):
    def fail(*args):
        raise MemoryError

    monkeypatch.setattr(_cells, "effective_threads", lambda: 2)
    monkeypatch.setattr(_cells, "update_nearest", fail)
    rows = np.eye(60, 6)
    with pytest.raises(MemoryError):
        CellIndex.of(rows, 2).query(rows, 2)


def test_cells_partition_the_rows():
    rows = np.random.default_rng(0).normal(size=(500, 6))
    cells = CellIndex.of(rows, 1).cells
    assert len(cells.columns) == 16
    members = cells.members[cells.members >= 0]
    np.testing.assert_array_equal(np.sort(members), np.arange(500))
