import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from skattn import Graph
from skattn.graph._node_names import NodeNames
from skattn.graph._pair_table import positions_of, read_pairs


@pytest.mark.parametrize(
    "X",
    [
        [("ann", "tea"), ("bob", "tea")],
        np.array([["ann", "tea"], ["bob", "tea"]]),
        pd.DataFrame({"who": ["ann", "bob"], "drink": ["tea", "tea"]}),
        pl.DataFrame({"who": ["ann", "bob"], "drink": ["tea", "tea"]}),
        pd.DataFrame({"who": ["ann", "bob"], "drink": ["tea"] * 2}, dtype="category"),
    ],
)
def test_tables_of_names(X):
    table = read_pairs(X)
    assert table.sources.tolist() == ["ann", "bob"]
    assert table.targets.tolist() == ["tea", "tea"]
    assert table.features.shape == (2, 0)


def test_types_are_kept_in_lists_and_columns_can_be_chosen():
    assert read_pairs([("ann", 3)]).targets.tolist() == [3]
    frame = pd.DataFrame({"x": [0.5], "item": [1], "user": [2], "old": [True]})
    for table in (
        read_pairs(frame, "user", "item"),
        read_pairs(frame.to_numpy(), 2, 1),
        read_pairs([(0.5, 1, 2, True)], 2, 1),
    ):
        assert [c.tolist() for c in table.ends] == [[2], [1]]
        assert table.features.tolist() == [[0.5, 1]]
    assert read_pairs([("a", "b", 3)]).features.tolist() == [[3]]


@pytest.mark.parametrize(
    ("X", "columns", "error", "message"),
    [
        (np.zeros((2, 1)), (), ValueError, "two columns"),
        ([1, 2], (), TypeError, "table of pairs"),
        (np.arange(3), (), ValueError, "two columns"),
        ([(1, 2), (1, 2, 3)], (), ValueError, "two columns"),
        (pd.DataFrame({"a": [1]}), (), ValueError, "two columns"),
        ([("a", "b", "3")], (), ValueError, "got text in column 2"),
        ([("a", "b", [3])], (), ValueError, "got list in column 2"),
        ([("a", "b", None)], (), ValueError, "column 2"),
        ([("a", "b", np.inf)], (), ValueError, "missing or infinite value"),
        (
            pd.DataFrame({"a": [1], "b": [2], "day": pd.to_datetime(["2020-01-01"])}),
            (),
            ValueError,
            "Timestamp in column 'day'",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), (), ValueError, "distinct"),
        (pd.DataFrame({"a": [1], "b": [2]}), ("a", "a"), ValueError, "must differ"),
        (pd.DataFrame({"a": [1], "b": [2]}), ("a", "z"), ValueError, "got 'z'"),
        (np.zeros((2, 3)), ("a", "b"), ValueError, "column of X, got 'a'"),
        (np.zeros((2, 2)), ("a", None), ValueError, "go together"),
        (np.zeros((0, 2)), (), ValueError, "at least one pair"),
        ([("a", None), ("b", "c")], (), ValueError, "missing"),
        (np.array([[0, np.nan]]), (), ValueError, "missing"),
        (Graph([[0, 1], [1, 0]]), (), TypeError, "got Graph"),
        (np.ma.masked_equal([[1, 2]], 2), (), ValueError, "masked"),
        (sp.eye_array(3), (), TypeError, "for an adjacency matrix"),
        ([("a", pd.NA)], (), ValueError, "missing values"),
        ([("a", pd.NaT)], (), ValueError, r"targets of X .* \(row 0\)"),
        ([("a", True)], (), ValueError, "got bool in row 0"),
        (["ab", "cd"], (), TypeError, "list with str as a row"),
        ({("a", "b")}, (), TypeError, "got set"),
        (np.zeros((1, 2, 2)), (), ValueError, r"got shape \(1, 2, 2\)"),
        ([("a", "b", 10**400)], (), ValueError, "a number beyond float64"),
        ([("a", ["b"])], (), ValueError, "hashable values, got list in row 0"),
    ],
)
def test_other_tables_are_errors(X, columns, error, message):
    with pytest.raises(error, match=message):
        read_pairs(X, *columns)


def test_unknown_nodes_and_self_pairs_are_listed():
    names = NodeNames.of_columns(
        *read_pairs([("a", "b"), ("b", "c")]).ends, apart=False
    )
    with pytest.raises(ValueError, match="got 'y', 'x'; not among 3 names"):
        positions_of(read_pairs([("a", "x"), ("y", "b")]), names)
    with pytest.raises(ValueError, match="'b' paired with itself \\(row 1; 1 such"):
        positions_of(read_pairs([("a", "b"), ("b", "b")]), names)
    with pytest.raises(ValueError, match="numbered from 0 to 2"):
        positions_of(read_pairs([(0, 3), (1, -1)]), NodeNames(3, None))
    with pytest.raises(ValueError, match="numbered from 0"):
        positions_of(read_pairs([("a", "b")]), NodeNames(3, None))


def test_columns_can_have_names_of_their_own():
    names = NodeNames.of_columns(*read_pairs([(1, 1), (2, 1), (1, 3)]).ends, apart=True)
    assert positions_of(read_pairs([(1, 1), (2, 3)]), names).tolist() == [
        [0, 2],
        [1, 3],
    ]
    assert names.names(np.array([0, 2])).tolist() == [1, 1]


def test_large_integers_and_tuples_are_names():
    pairs = read_pairs([(-1, 2**63), (5, 2**63 + 1)])
    names = NodeNames.of_columns(*pairs.ends, apart=False)
    assert names.labels.tolist() == [-1, 5, 2**63, 2**63 + 1]
    assert positions_of(pairs, names).tolist() == [[0, 2], [1, 3]]
    corners = read_pairs([((0, 1), (1, 2))])
    assert corners.targets.tolist() == [(1, 2)]
    with pytest.raises(ValueError, match="numbered from 0"):
        positions_of(corners, NodeNames(3, None))


def test_names_of_mixed_types_keep_their_order():
    names = NodeNames.of_columns(*read_pairs([("b", 2), ("a", 1)]).ends, apart=False)
    assert names.labels.tolist() == ["b", "a", 2, 1]
