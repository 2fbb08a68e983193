import numpy as np
import pytest

from skattn.graph._ragged_range import ragged_range


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_ranges_are_concatenated(dtype):
    starts, lengths = np.array([5, 0, 7], dtype), np.array([2, 3, 1], dtype)
    ranges = ragged_range(starts, lengths)
    assert ranges.tolist() == [5, 6, 0, 1, 2, 7]
    assert ranges.dtype == np.int64


def test_empty_ranges_add_no_elements():
    assert ragged_range(np.array([5, 3, 9]), np.array([0, 2, 0])).tolist() == [3, 4]
    assert ragged_range(np.array([], int), np.array([], int)).tolist() == []
