import numpy as np

from skattn._batch._copies import WithoutEach, removed_by
from skattn._batch._lists import Lists, lists_of


def test_lists_keep_the_order_of_their_numbers():
    found = lists_of(np.array([2, 0, 2]), np.array([5, 6, 4]), 4)
    assert found.n_lists == 4
    assert np.split(found.numbers, found.ptr[1:-1])[2].tolist() == [5, 4]
    assert found.owner.tolist() == [0, 2, 2]


def test_sums_and_others_of_lists():
    lists = Lists(np.array([0, 2, 2, 3]), np.array([0, 2, 1]))
    assert lists.sums(np.array([10, 20, 30])).tolist() == [40, 0, 20]
    assert lists.others(3).astype(int).tolist() == [[0, 1, 0], [1, 1, 1], [1, 0, 1]]


def test_copies_without_each_are_the_whole_then_each_then_none():
    kept = WithoutEach(3, np.array([2, 0]))
    rows = [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 0, 0]]
    for low, high in [(0, 4), (0, 2), (1, 3), (2, 4), (3, 9)]:
        found = removed_by(kept, slice(low, high)).others(3)
        assert found.astype(int).tolist() == rows[low:high]
    dense = removed_by(np.array(rows, bool), slice(1, 4)).others(3)
    assert dense.astype(int).tolist() == rows[1:]
