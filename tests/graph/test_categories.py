import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skattn.graph._categories import coded, learn_categories

NAN = np.nan
FRAME = pd.DataFrame(
    {
        "size": [1.5, None, 3.0],
        "place": ["west", None, "east"],
        "level": pd.Categorical([2, 1, 2]),
        "open": [True, False, True],
    }
)
PLACES, LEVELS = ("east", "west"), ("1", "2")


def text_columns():
    values = ["b", None, "a"]
    yield pd.Series(values, dtype=object)
    yield pd.Series(values, dtype="string")
    yield pd.Series(values, dtype="str")
    yield pd.Series(values, dtype="category")
    yield pl.Series("c", values)
    yield pl.Series("c", values, dtype=pl.Categorical)
    yield pl.Series("c", values, dtype=pl.Enum(["b", "a"]))


@pytest.mark.parametrize("column", [*text_columns()], ids=lambda c: f"{c.dtype}")
def test_columns_of_categories_and_text_are_found_by_their_dtype(column):
    frame = column.to_frame("c")
    assert learn_categories(frame, "from_dtype") == (("a", "b"),)
    np.testing.assert_array_equal(coded(frame, (("a", "b"),)), [[1], [NAN], [0]])


@pytest.mark.parametrize(
    "column", [[1, 2], [True, False], pd.array([1, pd.NA], "Int64"), [None, 1.5]]
)
def test_columns_of_numbers_are_not_categorical_by_dtype(column):
    assert learn_categories(pd.DataFrame({"c": column}), "from_dtype") == (None,)


def test_arrays_have_no_categorical_columns_by_dtype():
    assert learn_categories(np.array([["a"]], object), "from_dtype") == (None,)
    assert learn_categories([["a", 1]], "from_dtype") == (None, None)


@pytest.mark.parametrize(
    "columns",
    [["place", "level"], [1, 2], [-2, 1], [False, True, True, False], "from_dtype"],
)
def test_columns_are_chosen_by_name_position_mask_or_dtype(columns):
    assert learn_categories(FRAME, columns) == (None, PLACES, LEVELS, None)


@pytest.mark.parametrize("columns", [None, [], np.zeros(4, bool)])
def test_no_column_can_be_chosen(columns):
    assert learn_categories(FRAME, columns) == (None,) * 4


def test_categories_become_positions_and_numbers_stay():
    table = coded(FRAME, (None, PLACES, LEVELS, None))
    expected = [[1.5, 1, 1, 1], [NAN, NAN, 0, 0], [3, 0, 1, 1]]
    np.testing.assert_array_equal(table, expected)
    assert table.dtype == np.float64


def test_unknown_categories_have_the_code_minus_one():
    later = FRAME.assign(place=["south", "east", None])
    codes = coded(later, (None, PLACES, LEVELS, None))[:, 1]
    np.testing.assert_array_equal(codes, [-1, 0, NAN])


def test_numbers_of_another_dtype_are_the_same_categories():
    known = learn_categories(np.array([[1], [2]]), [0])
    assert known == (("1", "2"),)
    for later in ([[2.0], [1.0]], [["2"], ["1"]], pd.DataFrame({0: [2, 1]})):
        assert coded(later, known).tolist() == [[1], [0]]
    assert learn_categories([[0.5], [True]], [0]) == (("0.5", "True"),)


def test_rows_of_objects_may_hold_missing_values():
    rows = [[1, "a"], [None, pd.NA], [pd.NA, "b"]]
    known = learn_categories(rows, [1])
    expected = [[1, 0], [NAN, NAN], [NAN, 1]]
    np.testing.assert_array_equal(coded(rows, known), expected)
    frame = pd.DataFrame({"n": pd.Series([1, pd.NA], dtype=object)})
    np.testing.assert_array_equal(coded(frame, (None,)), [[1], [NAN]])


@pytest.mark.parametrize("X", [np.eye(2), sparse.eye_array(2), FRAME[["size"]]])
def test_what_holds_numbers_alone_is_returned_as_it_is(X):
    assert coded(X, (None,) * X.shape[1]) is X


@pytest.mark.parametrize(
    ("X", "columns", "message"),
    [
        (FRAME, ["town"], "names of columns of X, got 'town' beside .* 'size'"),
        (FRAME, [4], "below 4, got 4"),
        (FRAME, [True], r"one entry per column if it is a mask \(4\), got 1"),
        (FRAME, [0.5], r"positions, names or a mask of columns, got \[0.5\]"),
        (FRAME, [[1]], r"positions, names or a mask of columns, got \[\[1\]\]"),
        (np.eye(2), ["a"], "positions for an X without column names, got 'a'"),
        (sparse.eye_array(2), [0], r"needs a dense X.*toarray\(\)"),
    ],
)
def test_columns_that_there_are_not_are_refused(X, columns, message):
    with pytest.raises(ValueError, match=message):
        learn_categories(X, columns)


def test_too_many_categories_are_refused_with_the_column():
    names = pd.DataFrame({"n": range(256), "name": map(str, range(256))})
    message = "at most 255 categories, got 256 in column 'name'"
    with pytest.raises(ValueError, match=message):
        learn_categories(names, "from_dtype")
    with pytest.raises(ValueError, match="in column 1"):
        learn_categories(names.to_numpy(), [1])
    (_, known) = learn_categories(names[:255], "from_dtype")
    assert len(known) == 255


def test_text_in_another_column_is_refused_with_the_column():
    known = (None, PLACES, LEVELS, None)
    with pytest.raises(TypeError, match="text 'big' in column 'size'"):
        coded(FRAME.assign(size="big"), known)
    with pytest.raises(TypeError, match="text 'b' in column 1"):
        coded([["a", "b"]], (("a",), None))
