import numpy as np
import pytest
import torch

from skattn._batch import batches


def test_numbers_stay_in_order_without_a_generator():
    parts = list(batches(6, 4))
    assert [part.tolist() for part in parts] == [[0, 1, 2, 3], [4, 5]]
    assert {part.dtype for part in parts} == {np.dtype(np.int64)}


@pytest.mark.parametrize(
    ("n", "batch_size", "sizes"),
    [
        (5, 2, [2, 3]),
        (3, 2, [3]),
        (1, 2, [1]),
        (3, 1, [1, 1, 1]),
        (4, 2, [2, 2]),
        (3, 8, [3]),
        (0, 4, []),
    ],
)
def test_a_remainder_of_one_joins_the_preceding_batch(n, batch_size, sizes):
    parts = list(batches(n, batch_size))
    assert [len(part) for part in parts] == sizes
    assert [number for part in parts for number in part] == list(range(n))


def test_a_generator_shuffles_and_nothing_else_does():
    def partition(seed):
        generator = torch.Generator().manual_seed(seed)
        return [part.tolist() for part in batches(50, 20, generator)]

    torch.manual_seed(0)
    first = partition(3)
    torch.manual_seed(1)
    assert partition(3) == first
    assert partition(4) != first
    assert [len(part) for part in first] == [20, 20, 10]
    assert sorted(number for part in first for number in part) == list(range(50))


def test_epochs_of_one_generator_differ():
    generator = torch.Generator().manual_seed(0)
    first, second = (np.concatenate(list(batches(50, 20, generator))) for _ in "ab")
    assert first.tolist() != second.tolist()
