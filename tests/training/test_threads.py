import threading

import pytest
import torch
from skorch.callbacks import Callback

from skattn._training._threads import (
    ONE_THREAD_BELOW_WORK,
    _mkl,
    limit_threads,
)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_thread_that_has_not_used_torch_yet_is_limited_too(two_threads):
    found = []

    def look():
        with limit_threads(1.0):
            found.append(torch.get_num_threads())
        found.append(torch.get_num_threads())

    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert found == [1, 2]


@pytest.mark.parametrize(
    ("work", "expected"), [(ONE_THREAD_BELOW_WORK - 1, 1), (ONE_THREAD_BELOW_WORK, 2)]
)
def test_steps_with_little_work_have_one_thread(two_threads, work, expected):
    with limit_threads(work):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 2


def test_threads_are_restored_after_an_error(two_threads):
    with pytest.raises(KeyboardInterrupt), limit_threads(1.0):
        raise KeyboardInterrupt
    assert torch.get_num_threads() == 2


def test_the_number_of_threads_of_mkl_is_limited_and_restored(two_threads):
    """MKL's number of threads differs from OpenMP's once it was set."""
    set_number = _mkl()
    if set_number(2) != 2:
        pytest.skip("this torch multiplies without MKL")
    with limit_threads(1.0):
        assert set_number(1) == 1
    assert set_number(2) == 2


def test_other_threads_are_not_limited(two_threads):
    found = []
    other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    with limit_threads(1.0):
        other.start()
        other.join()
    assert found == [2]


def test_small_graphs_are_trained_by_one_thread(two_threads, fit):
    found = []

    class Look(Callback):
        def on_batch_begin(self, net, **kwargs):
            found.append(torch.get_num_threads())

    fit(callbacks=[Look()], max_epochs=1)
    assert set(found) == {1}
    assert torch.get_num_threads() == 2
