import numpy as np
import pytest
from scipy import sparse

from skattn.graph._precision import as_float32, equal_values, n_distinct


@pytest.mark.parametrize("values", [[[1.0, -2.5]], [[0.0, 2.0**30]]])
def test_numbers_of_few_digits_are_equal_in_float32(values):
    X = np.array(values)
    assert equal_values(as_float32(X), X)
    assert equal_values(as_float32(sparse.csr_array(X)), sparse.csr_array(X))


@pytest.mark.parametrize("value", [0.1, 2.0**24 + 1, 5.1e6 + 0.02])
def test_numbers_of_more_digits_are_not(value):
    X = np.array([[1.0, value]])
    assert not equal_values(as_float32(X), X)
    assert not equal_values(as_float32(sparse.csr_array(X)), sparse.csr_array(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distinct_rows_are_counted(dtype):
    X = np.array([[0.0, 1], [-0.0, 1], [1, 0], [0, 1], [1, 1]], dtype)
    assert n_distinct(X) == 3


def test_rows_that_float32_makes_equal_are_distinct_before():
    X = 5.1e6 + 0.01 * np.arange(10.0).reshape(5, 2)
    assert n_distinct(X) == 5
    assert n_distinct(as_float32(X)) == 1
