import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from skattn import Graph
from skattn.graph._name_table import columns_of

WHAT = "a table of names"


@pytest.mark.parametrize(
    ("X", "columns"),
    [
        ([("a", 1), ("b", 2)], {0: ["a", "b"], 1: [1, 2]}),
        ((["a", 1],), {0: ["a"], 1: [1]}),
        ([np.array([1, 2])], {0: [1], 1: [2]}),
        ([((0, 1), (1, 1))], {0: [(0, 1)], 1: [(1, 1)]}),
        (np.array([["a", "b"]]), {0: ["a"], 1: ["b"]}),
        (torch.tensor([[1, 2]]), {0: [1], 1: [2]}),
        (pd.DataFrame({"who": ["a"], 3: [1]}), {"who": ["a"], 3: [1]}),
        ([], {0: [], 1: []}),
    ],
)
def test_columns_hold_python_objects(X, columns):
    found = columns_of(X, "X", WHAT, 2)
    assert found == columns
    assert not any(isinstance(v, np.generic) for c in found.values() for v in c)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([("a", "b"), ("a",)], ValueError, "got rows of 1 and 2 entries"),
        (("a", "b"), TypeError, "got tuple with str as a row"),
        ([("a", "b"), {"a": 1}], TypeError, "got list with dict as a row"),
        ([("a", "b"), 3], TypeError, "got list with int as a row"),
        ({"a": [1]}, TypeError, "got dict.*Pass a DataFrame"),
        ((pair for pair in [("a", "b")]), TypeError, "got generator"),
        ("text", TypeError, "got str"),
        (None, TypeError, "got None"),
        (3, TypeError, "got int"),
        (np.array("text"), TypeError, "got numpy ndarray"),
        (sp.eye_array(2), TypeError, "got scipy dia_array"),
        (Graph([[0, 1], [1, 0]]), TypeError, "got Graph"),
        (torch.ones(1, 2, requires_grad=True), TypeError, "got torch Tensor"),
        (pd.Series([("a", "b")]), ValueError, r"got shape \(1,\). Reshape"),
        (np.array([("a", "b")], dtype="U1,U1"), ValueError, r"got shape \(1,\)"),
        (np.ma.masked_equal([[1, 2]], 2), ValueError, "without masked entries"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), ValueError, "distinct"),
    ],
)
def test_what_is_no_table_is_named_with_a_remedy(X, error, message):
    with pytest.raises(error, match=f"X must .*{message}"):
        columns_of(X, "X", WHAT, 2)
