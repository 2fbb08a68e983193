import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse

from skattn.graph._numbers import as_floats, numeric_errors


def read(values):
    with numeric_errors(values, "X"):
        return np.asarray(values, dtype=np.float32)


def test_numbers_pass_unchanged():
    assert read([[1, 2.5]]).tolist() == [[1, 2.5]]
    assert as_floats(np.ones((1, 1), np.float32), "X").dtype == np.float32
    assert as_floats([[True, 2]], "X").dtype == np.float64


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.DataFrame({"a": [1], "b": ["x"]}), "got the text 'x' in column 'b'"),
        (pl.DataFrame({"a": [1], "b": ["x"]}), "got the text 'x' in column 'b'"),
        (pd.DataFrame({"b": pd.to_datetime(["2020"])}), r"dates .* in column 'b'"),
        (np.array(["2020"], dtype="datetime64[Y]"), "got dates"),
        (np.zeros(2, dtype=[("a", "f4"), ("b", "f4")]), "got records"),
        ([[1.0, {}]], r"got {} \(dict\) in column 1"),
        ([[1.0], "x"], "X must hold numbers, got list that cannot be converted"),
        (torch.ones(2, 1, requires_grad=True), r"torch Tensor that .*detach\(\)"),
    ],
)
def test_other_entries_are_named_with_their_column(values, message):
    with pytest.raises(TypeError, match=message):
        read(values)
    with pytest.raises(TypeError, match=message):
        as_floats(values, "X")


def test_sparse_matrices_are_no_arrays_of_numbers():
    with pytest.raises(TypeError, match=r"scipy csr_array .*toarray\(\)"):
        as_floats(sparse.csr_array(np.eye(2)), "Sequence 3")


def test_columns_of_one_name_and_none_are_errors():
    twice = pd.DataFrame([[1, "x"]], columns=["a", "a"])
    with pytest.raises(ValueError, match="got 'a' more than once"):
        read(twice)
    with (
        pytest.raises(ValueError, match=r"0 feature\(s\)"),
        numeric_errors(pd.DataFrame(index=[0]), "X"),
    ):
        raise ValueError("at least one array or dtype is required")


def test_errors_about_other_things_are_not_changed():
    with pytest.raises(ValueError, match="contains NaN"), numeric_errors([[1.0]], "X"):
        raise ValueError("X contains NaN")
