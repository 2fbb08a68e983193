import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from skattn.graph._exact_neighbors import ExactIndex

LINE = np.array([0.0, 1, 3, 7, 8])[:, None]
NEAREST = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [3, 4, 2], [4, 3, 2]]


def far_away(offset, scale):
    """The line in 20 columns, for which distances come from scalar products."""
    direction = np.linspace(1, 2, 20)
    return offset + scale * LINE * direction


@pytest.mark.parametrize(
    ("offset", "scale"), [(0, 1), (1e6, 1e-3), (-3e8, 0.1), (1e12, 1)]
)
def test_rows_far_from_the_origin_have_their_nearest(offset, scale):
    X = far_away(offset, scale)
    distances, found = ExactIndex(X, "euclidean").query(X, 3)
    np.testing.assert_array_equal(found, NEAREST)
    assert (np.diff(distances, axis=1) > 0).all()


def test_clusters_far_apart_have_their_nearest():
    X = np.concatenate([far_away(-1e6, 1e-3), far_away(1e6, 1e-3)])
    _, found = ExactIndex(X, "euclidean").query(X, 3)
    np.testing.assert_array_equal(found[:5], NEAREST)
    np.testing.assert_array_equal(found[5:], np.array(NEAREST) + 5)


def test_new_rows_are_compared_in_their_own_precision():
    X = far_away(2.0**24, 2.0).astype(np.float32)  # even numbers: without rounding
    new = X[[0, 3]].astype(np.float64) + 0.25
    _, found = ExactIndex(X, "euclidean").query(new, 2)
    np.testing.assert_array_equal(found, [[0, 1], [3, 4]])


def test_equal_rows_are_nearest_to_each_other():
    X = np.repeat(far_away(1e6, 1e-3), 2, axis=0)
    distances, found = ExactIndex(X, "euclidean").query(X[[4]], 2)
    assert set(found[0]) == {4, 5}
    np.testing.assert_allclose(distances, 0, atol=1e-2)


@pytest.mark.parametrize("n_columns", [3, 20])
def test_the_table_is_not_copied(n_columns):
    X = np.random.default_rng(0).random((30, n_columns))
    index = ExactIndex(X, "euclidean")
    index.query(X, 2)
    assert np.shares_memory(index._index._fit_X, X)
    tree = index._index._tree
    assert tree is None or np.shares_memory(np.asarray(tree.data), X)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forked_child_searches_after_its_parent_did():
    code = """
        import os
        import numpy as np
        from skattn.graph._exact_neighbors import ExactIndex
        X = np.random.default_rng(0).normal(size=(4000, 20))

        def search():
            return ExactIndex(X, "euclidean").query(X, 3)[1].tobytes()

        found = search()
        child = os.fork()
        if child == 0:
            os._exit(0 if search() == found else 3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    environment = {k: v for k, v in os.environ.items() if "NUM_THREADS" not in k}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment | {"OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stdout == "0\n", done.stderr
