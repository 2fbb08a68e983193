import os
import pickle

import numba
import numpy as np
import pytest

from skattn.graph import _approximate_neighbors, knn_adjacency
from skattn.graph._approximate_neighbors import ApproximateIndex
from skattn.graph._exact_neighbors import ExactIndex


@pytest.fixture
def rows():
    """1500 rows of 6 columns, a linear map of 3."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((1500, 3)) @ rng.standard_normal((3, 6))


def test_missing_neighbours_are_searched_exactly():
    rows = np.array([[0.0], [1.0], [3.0], [7.0]])
    index = ApproximateIndex(rows, 1, "euclidean")
    found = np.array([[0, 1], [1, -1], [2, 3]], dtype=np.int32)
    completed = index._completed(rows[:3], found)
    np.testing.assert_array_equal(completed, [[0, 1], [1, 0], [2, 3]])


@pytest.mark.parametrize("offset", [5.1e6, -4e9])
def test_rows_are_centred_before_float32(offset):
    rows = offset + np.arange(50.0)[:, None] * 0.5
    searched = ApproximateIndex(rows, 1, "euclidean")._as_searched(rows)
    assert searched.dtype == np.float32
    assert (np.diff(searched, axis=0) == 0.5).all()


def test_rows_that_become_equal_are_counted_in_a_warning():
    rows = np.array([[0.0], [1e-9], [1e9], [2e9]])
    index = ApproximateIndex(rows, 1, "euclidean")
    with pytest.warns(UserWarning, match="1 rows differ from others by less than"):
        index._warn_of_equal_rows(index._as_searched(rows))


def test_a_fork_does_not_enter_openmp_again(monkeypatch, rows):
    monkeypatch.setattr(ApproximateIndex, "process", os.getpid() + 1)
    monkeypatch.setattr(numba, "threading_layer", lambda: "omp")
    with pytest.raises(RuntimeError, match="must not start in a forked process"):
        ApproximateIndex(rows, 5, "euclidean").query(rows[:1], 2)


@pytest.mark.slow
@pytest.mark.xdist_group("pynndescent")  # which compiles in each process
class TestWithPynndescent:
    """Compilation takes a minute in the first process."""

    @pytest.fixture(autouse=True)
    def _needs_pynndescent(self):
        pytest.importorskip("pynndescent")

    def test_nearly_all_neighbours_are_found(self, rows):
        new = rows[:200] + 1e-3
        index = ApproximateIndex(rows, 5, "euclidean")
        exact = ExactIndex(rows, "euclidean")
        assert index.recall >= 0.95
        every = np.arange(len(rows))
        for found, X in [
            (index.neighbors(every, 6), rows),
            (index.query(new, 6), new),
        ]:
            assert np.mean(found == exact.query(X, 6)[1]) > 0.95

    def test_result_depends_on_the_rows_alone(self, rows):
        one, other = (ApproximateIndex(rows, 5, "euclidean") for _ in range(2))
        new = rows[:100] + 1e-3
        before = numba.get_num_threads()
        together = one.query(new, 5)
        numba.set_num_threads(1)
        try:
            alone = np.concatenate([other.query(row[None], 5) for row in new])
        finally:
            numba.set_num_threads(before)
        np.testing.assert_array_equal(together, alone)
        copy = pickle.loads(pickle.dumps(one))
        assert "_descent" in vars(copy)
        np.testing.assert_array_equal(copy.query(new, 5), together)

    def test_little_recall_is_a_warning(self, monkeypatch):
        monkeypatch.setattr(_approximate_neighbors, "GRAPH_FACTORS", (1.0,))
        rows = np.random.default_rng(0).standard_normal((3000, 100))
        with pytest.warns(UserWarning, match=r"found \d+% of the nearest rows"):
            assert ApproximateIndex(rows, 5, "euclidean").recall < 0.95

    @pytest.mark.parametrize("metric", _approximate_neighbors.METRICS)
    def test_metrics_are_those_of_scikit_learn(self, rows, metric):
        near, exact = (
            knn_adjacency(rows, 5, metric=metric, neighbor_search=method)
            for method in ("approximate", "exact")
        )
        assert near.nnz == exact.nnz == 5 * len(rows)
        assert not near.diagonal().any()
        assert near.multiply(exact).sum() > 0.95 * exact.nnz
