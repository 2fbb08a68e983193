import threading

import numpy as np
import pytest
import scipy.sparse
import torch
from skorch.callbacks import Callback
from torch import nn

from skattn._batch import collate
from skattn._training import FullGraph
from skattn._training._threads import SMALL, WALK, _mkl, enough_threads, work_of
from skattn.graph import Graph


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def task_of(X, n_neighbors):
    n = X.shape[0]
    near = sum(np.roll(np.eye(n), k, axis=0) for k in range(n_neighbors))
    return FullGraph(collate(Graph(near, X)), None)


def test_a_thread_that_has_not_used_torch_yet_is_limited_too(two_threads):
    found = []

    def look():
        with enough_threads(1.0):
            found.append(torch.get_num_threads())
        found.append(torch.get_num_threads())

    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert found == [1, 2]


@pytest.mark.parametrize(("work", "expected"), [(SMALL - 1, 1), (SMALL, 2)])
def test_short_steps_have_one_thread(two_threads, work, expected):
    with enough_threads(work):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 2


def test_threads_come_back_after_an_error(two_threads):
    with pytest.raises(KeyboardInterrupt), enough_threads(1.0):
        raise KeyboardInterrupt
    assert torch.get_num_threads() == 2


def test_products_have_one_thread_too_and_get_theirs_back(two_threads):
    """MKL's number is not OpenMP's where somebody has set it."""
    set_number = _mkl()
    if set_number(2) != 2:
        pytest.skip("this torch multiplies without MKL")
    with enough_threads(1.0):
        assert set_number(1) == 1
    assert set_number(2) == 2


def test_other_threads_have_theirs_even_if_they_begin_meanwhile(two_threads):
    found = []
    other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    with enough_threads(1.0):
        other.start()
        other.join()
    assert found == [2]


def test_work_is_that_of_the_largest_product():
    module = nn.ParameterList([torch.ones(30, 8), torch.ones(8, 5), torch.ones(5)])
    dense = np.ones((20, 30))
    assert work_of(module, task_of(dense, 1)) == 20 * 30 * 8
    sparse = scipy.sparse.random_array((20, 30), density=0.5, rng=0, format="csr")
    assert work_of(module, task_of(sparse, 1)) == sparse.nnz * 8 == 300 * 8
    nearly_empty = scipy.sparse.csr_array(np.eye(20, 30))
    assert work_of(module, task_of(nearly_empty, 1)) == WALK * 20 * 8


def test_work_is_that_of_the_edges_where_they_are_many():
    module = nn.ParameterList([torch.ones(2, 8)])
    assert work_of(module, task_of(np.ones((20, 2)), 20)) == WALK * 400 * 8
    assert work_of(nn.Identity(), task_of(np.ones((20, 2)), 20)) == 0


def test_small_graphs_are_trained_by_one_thread(two_threads, fit):
    found = []

    class Look(Callback):
        def on_batch_begin(self, net, **kwargs):
            found.append(torch.get_num_threads())

    fit(callbacks=[Look()], max_epochs=1)
    assert set(found) == {1}
    assert torch.get_num_threads() == 2
