import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from skattn.graph._unknown_labels import check_mark, is_missing, read_labels

NAN = float("nan")


@pytest.mark.parametrize(
    "value", [None, NAN, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_missing_values(value):
    assert is_missing(value)


@pytest.mark.parametrize("value", ["nan", "", 0, False, -1, np.array([1.0, 2.0])])
def test_other_values_are_not_missing(value):
    assert not is_missing(value)


MASKED = np.ma.masked_array([7, 8, 7], [False, True, False])
KNOWN = [True, False, True]


@pytest.mark.parametrize(
    ("y", "values"),
    [
        ([7.0, NAN, 7.0], [7.0, 7.0]),
        ([7, None, 7], [7, 7]),
        (["a", None, "b"], ["a", "b"]),
        (["a", NAN, "b"], ["a", "b"]),
        (["a", pd.NA, "b"], ["a", "b"]),
        ([True, None, False], [True, False]),
        (np.array(["a", NAN, "b"], object), ["a", "b"]),
        (pd.Series([7, None, 8], dtype="Int64"), [7, 8]),
        (pd.Series([True, None, False], dtype="boolean"), [True, False]),
        (pd.Series(["a", None, "b"], dtype="string"), ["a", "b"]),
        (pd.Series(["a", None, "b"], dtype="category"), ["a", "b"]),
        (pd.Series([7, None, 8], dtype="Int64").astype("category"), [7, 8]),
        (pd.Categorical(["a", None, "b"]), ["a", "b"]),
        (pd.array([7, None, 8], dtype="Int64"), [7, 8]),
        (MASKED, [7, 7]),
    ],
)
@pytest.mark.parametrize("mark", [NAN, pd.NA], ids=["nan", "NA"])
def test_nan_marks_any_missing_value_of_any_container(y, values, mark):
    read, known = read_labels(y, mark)
    assert known.tolist() == KNOWN
    assert read[known].tolist() == values
    assert [type(value) for value in read[known].tolist()] == list(map(type, values))


@pytest.mark.parametrize(
    ("y", "mark"),
    [
        ([7, -1, 8], -1),
        (["a", -1, "b"], -1),
        (["a", "-1", "b"], "-1"),
        (pd.Series([7, -1, 8], dtype="Int64"), -1),
        (MASKED, -1),
        (np.ma.masked_array([7, -1, 8], [True, False, False]), -1),
    ],
)
def test_mark_and_mask_are_unknown(y, mark):
    _, known = read_labels(y, mark)
    first = not (isinstance(y, np.ma.MaskedArray) and y.mask[0])
    assert known.tolist() == [first, False, True]


@pytest.mark.parametrize(
    "values",
    [[7, None, 8], ["a", None, "b"], [True, None, False], [7.0, NAN, 8.0]],
)
def test_nan_marks_any_missing_value_of_polars(values):
    polars = pytest.importorskip("polars")
    read, known = read_labels(polars.Series(values), NAN)
    assert known.tolist() == KNOWN
    assert read[known].tolist() == [values[0], values[2]]
    _, known = read_labels(polars.Series(["a", "?", "b"]), "?")
    assert known.tolist() == KNOWN


def test_entries_of_matrices_are_unknown_one_by_one():
    frame = pd.DataFrame({"a": [0, 1], "b": pd.array([None, 1], dtype="Int64")})
    for y in ([[0, None], [1, 1]], frame):
        read, known = read_labels(y, NAN)
        assert read.dtype == np.int64
        assert known.tolist() == [[True, False], [True, True]]
        assert read[known].tolist() == [0, 1, 1]
    read, known = read_labels(sp.csr_array([[0, 1], [1, 0]]), None)
    assert read.tolist() == [[0, 1], [1, 0]]
    assert known.all()


def test_plain_arrays_are_returned_as_they_are():
    for y in (np.array([1, -1]), np.array([1.5, NAN]), np.array(["a", "b"])):
        assert read_labels(y, -1 if y.dtype.kind == "i" else NAN)[0] is y


@pytest.mark.parametrize(
    ("y", "unlabeled", "message"),
    [
        (["a", None, "b"], None, r"contains NaN.*in 1 rows \(1\).*unlabeled=float"),
        ([0.0, NAN], -1, r"with unlabeled=-1\. Set unlabeled=float\('nan'\)"),
        ([NAN] * 9, "?", r"9 rows \(0, 1, 2, 3, 4, \.\.\.\)"),
        (MASKED, None, r"got a mask of 1 of them\. Set unlabeled="),
        ([[1, 2], [3]], None, "rows of equal length"),
        ([1, 2], [1, 2], "unlabeled must be one value"),
    ],
)
def test_missing_values_that_are_not_marked_are_refused(y, unlabeled, message):
    with pytest.raises(ValueError, match=message):
        read_labels(y, unlabeled)


@pytest.mark.parametrize(
    ("y", "mark", "message"),
    [
        (
            ["-1", "a", "b"],
            -1,
            r"unlabeled=-1 must occur.*'-1' as text.*unlabeled='-1'",
        ),
        (["-1.0", "1.0", "0.0"], -1, "'-1.0' as text"),
        (["nan", "a", "b"], NAN, "unlabeled=nan must occur.*'nan' as text"),
        (["a", "<NA>", "b"], pd.NA, "'<NA>' as text"),
        (["a", "None", "b"], NAN, "set unlabeled=None"),
        (np.array(["NaN", "a"], object), NAN, "'NaN' as text"),
        (["True", "False"], True, "'True' as text"),
        ([-1, 0, 1], "-1", r"'-1' as a number.*unlabeled=-1;"),
        ([-1.5, 0.0], "-1.5", "unlabeled=-1.5;"),
        ([True, False], "True", "unlabeled=True;"),
    ],
)
def test_text_of_a_mark_that_does_not_occur_is_refused(y, mark, message):
    with pytest.raises(ValueError, match=message):
        check_mark(*read_labels(y, mark), mark)


@pytest.mark.parametrize(
    ("y", "mark"),
    [
        (["a", "b"], "?"),
        (["a", "b"], -1),
        ([0, 1], "?"),
        (["None", None, "a"], NAN),
        (["-1", "a"], None),
        ([0.5, 1.5], NAN),
    ],
)
def test_other_labels_are_accepted(y, mark):
    check_mark(*read_labels(y, mark), mark)


def test_text_of_a_mark_may_be_a_fitted_class():
    check_mark(*read_labels(["None", "a"], NAN), NAN, classes=np.array(["None", "a"]))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.ones(2, requires_grad=True), "got torch Tensor that forms none"),
        (torch.ones(2, device="meta"), "got torch Tensor that forms none"),
        ({"a": 1, "b": 2}, "one label per row, got dict"),
        ({1, 2}, "one label per row, got set"),
        ("ab", "one label per row, got str"),
        (None, "one label per row, got None"),
        (np.array([(1, 2), (3, 4)], dtype="i,i"), "got records"),
    ],
)
@pytest.mark.parametrize("unlabeled", [None, -1, NAN])
def test_objects_that_are_no_labels_are_refused(y, message, unlabeled):
    with pytest.raises(TypeError, match=message):
        read_labels(y, unlabeled)
