import numpy as np
import pytest
import scipy.sparse as sp

from skattn.estimators._label_encoding import Classes, Indicators
from skattn.estimators._label_reader import (
    ClassReader,
    NumberReader,
    check_length,
    check_weight,
)

NAN = float("nan")


# ---- classes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "unlabeled", "known"),
    [
        ([2, 0, 2], None, [True, True, True]),
        ([2, -1, 0], -1, [True, False, True]),
        (["b", "?", "a"], "?", [True, False, True]),
        ([1.0, NAN, 0.0], NAN, [True, False, True]),
        (np.array(["b", NAN, "a"], dtype=object), NAN, [True, False, True]),
    ],
)
def test_entries_equal_to_unlabeled_are_unknown(y, unlabeled, known):
    read, mask = ClassReader(unlabeled, None).read(y)
    assert mask.tolist() == known
    assert len(read) == 3
    assert len(np.unique(read[mask])) == 2


def test_classes_are_the_sorted_known_ones():
    reader = ClassReader("?", None)
    y, known = reader.read(["c", "?", "a", "c", "b"])
    encoding = reader.learn(y, known, None).encoding
    assert isinstance(encoding, Classes)
    assert encoding.classes.tolist() == ["a", "b", "c"]
    assert encoding.encode(y, known).tolist() == [2, 0, 0, 2, 1]


@pytest.mark.parametrize("make", [np.asarray, sp.csr_array, list])
def test_a_matrix_of_zeros_and_ones_holds_indicators(make):
    reader = ClassReader(None, None)
    y, known = reader.read(make(np.array([[0, 1, 1], [1, 0, 1]])))
    encoding = reader.learn(y, known, None).encoding
    assert isinstance(encoding, Indicators)
    assert encoding.n_outputs == 3
    assert y.tolist() == [[0, 1, 1], [1, 0, 1]]


def test_unknown_entries_of_indicators_do_not_decide_the_type():
    reader = ClassReader(-1, None)
    y, known = reader.read([[0, -1], [1, 1]])
    assert known.tolist() == [[True, False], [True, True]]
    encoding = reader.learn(y, known, None).encoding
    assert encoding.encode(y, known).tolist() == [[0, 0], [1, 1]]


def test_a_column_is_read_as_classes_with_a_warning():
    with pytest.warns(UserWarning, match="column-vector"):
        y, known = ClassReader(None, None).read([[0], [1]])
    assert y.shape == known.shape == (2,)


@pytest.mark.parametrize(
    ("y", "unlabeled", "message"),
    [
        (None, None, "requires y to be passed"),
        ([-1, -1], -1, "labelled entries, got none among 2 rows"),
        ([0.5, 1.7], None, "Unknown label type"),
    ],
)
def test_labels_without_classes_are_refused(y, unlabeled, message):
    with pytest.raises(ValueError, match=message):
        ClassReader(unlabeled, None).read(y)


@pytest.mark.parametrize(
    ("y", "unlabeled", "message"),
    [
        ([3, 3], None, r"two classes, got one class: \[3\]"),
        ([3, -1], -1, r"one class besides unlabeled=-1: \[3\]"),
        ([[1, 2], [3, 4]], None, r"of shape \(n,\) or an indicator matrix"),
        ([[0, -1], [1, -1]], -1, r"known entry, got none in \[1\]"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(y, unlabeled, message):
    reader = ClassReader(unlabeled, None)
    with pytest.raises(ValueError, match=message):
        reader.learn(*reader.read(y), None)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_no_class(value):
    with pytest.raises(ValueError, match="infinity"):
        ClassReader(None, None).read(np.array([0, 1, value]))


def test_sample_weight_multiplies_the_class_weight():
    reader = ClassReader(None, {0: 1, 1: 10})
    y, known = reader.read([0, 1, 1])
    rows = reader.learn(y, known, None).rows(y, known, np.array([3.0, 1.0, 0.5]))
    assert rows.weight.tolist() == [3, 10, 5]
    assert rows.sample_weight.tolist() == [3, 1, 0.5]


# ---- numbers -----------------------------------------------------------------


def test_numbers_are_read_as_float64_with_nan_unknown():
    y, known = NumberReader(NAN).read([[1, NAN], [2, 3]])
    assert y.dtype == np.float64
    assert known.tolist() == [[True, False], [True, True]]


def test_mean_and_scale_are_weighted_over_known_entries():
    reader = NumberReader(NAN)
    y, known = reader.read([[0.0, 5.0], [4.0, NAN], [NAN, 7.0]])
    encoding = reader.learn(y, known, np.array([3.0, 1.0, 1.0])).encoding
    # first column: 0 three times and 4 once; second: 5 three times and 7 once
    np.testing.assert_allclose(encoding.mean, [1, 5.5])
    np.testing.assert_allclose(encoding.scale, [np.sqrt(3), np.sqrt(0.75)])
    assert not encoding.is_1d


def test_the_scale_of_a_constant_is_one():
    reader = NumberReader(None)
    encoding = reader.learn(*reader.read([4.0, 4.0]), None).encoding
    assert (encoding.mean.tolist(), encoding.scale.tolist()) == ([4], [1])
    assert encoding.is_1d


@pytest.mark.parametrize(
    ("y", "unlabeled", "message"),
    [
        (["a", "b"], None, "y must be numbers.*use a classifier"),
        ([1 + 1j, 2], None, "Complex data not supported"),
        ([1.0, NAN], None, "Input y contains NaN.*Set unlabeled="),
        ([1.0, np.inf], NAN, "y must be finite"),
        ([NAN, NAN], NAN, "and known entries"),
        (np.ones((2, 1, 1)), None, r"\(n,\) or \(n, n_outputs\)"),
    ],
)
def test_entries_that_are_no_numbers_are_refused(y, unlabeled, message):
    with pytest.raises(ValueError, match=message):
        NumberReader(unlabeled).read(y)


# ---- lengths and weights -----------------------------------------------------


@pytest.mark.parametrize("dtype", ["M8[D]", "m8[s]"])
@pytest.mark.parametrize("unlabeled", [None, float("nan")])
def test_dates_are_no_numbers(dtype, unlabeled):
    with pytest.raises(TypeError, match="dates or durations"):
        NumberReader(unlabeled).read(np.array([1, 2], dtype=dtype))


def test_there_is_one_label_per_row():
    check_length(np.zeros(3), 3, "y", "X")
    with pytest.raises(ValueError, match=r"y_val .* of X_val \(4\), got 3"):
        check_length(np.zeros(3), 4, "y_val", "X_val")


def test_weights_are_float64_and_not_negative():
    y = np.zeros(3)
    assert check_weight(None, y) is None
    assert check_weight([1, 2, 3], y).dtype == np.float64
    with pytest.raises(ValueError, match="Negative"):
        check_weight([1, -2, 3], y)
    with pytest.raises(ValueError, match="shape"):
        check_weight([1, 2], y)
