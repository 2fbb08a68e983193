import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skattn.graph._feature_encoding import FeatureEncoding

NAN = np.nan
TABLE = np.array([[1.0, 0, NAN], [NAN, 1, 5], [5, NAN, 7], [6, 1, 9]])
"""A number, a category, a number."""
KINDS = (None, ("a", "b"), None)
ENCODED = [
    [1, 0, 1, 0, 0, 7, 1],
    [4, 1, 0, 1, 0, 5, 0],
    [5, 0, 0, 0, 1, 7, 0],
    [6, 0, 0, 1, 0, 9, 0],
]
"""Number, missing, a, b, missing, number, missing."""


def test_missing_numbers_are_means_and_categories_are_indicators():
    encoding = FeatureEncoding.of(TABLE, KINDS)
    assert encoding.mean == (4, 0, 7)
    assert encoding.has_missing == (True, True, True)
    np.testing.assert_array_equal(encoding.apply(TABLE), ENCODED)
    assert encoding.widths.tolist() == [2, 3, 2]
    assert encoding.n_features == 3
    assert encoding.n_columns == 7
    indicates = [False, True, True, True, True, False, True]
    assert encoding.is_indicator.tolist() == indicates


def test_what_a_fit_did_not_see_has_no_column():
    encoding = FeatureEncoding.of(TABLE[3:], KINDS)
    assert encoding.has_missing == (False, False, False)
    new = np.array([[NAN, NAN, 1], [2, -1, NAN], [2, 0, 3]])
    expected = [[6, 0, 0, 1], [2, 0, 0, 9], [2, 1, 0, 3]]
    np.testing.assert_array_equal(encoding.apply(new), expected)


def test_columns_in_which_all_is_missing_are_zero_and_indicated():
    nothing = np.full((2, 2), NAN)
    encoding = FeatureEncoding.of(nothing, (None, ()))
    assert encoding.apply(nothing).tolist() == [[0, 1, 1], [0, 1, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_is_kept(dtype):
    table = TABLE.astype(dtype)
    encoding = FeatureEncoding.of(table, KINDS)
    assert encoding.apply(table).dtype == dtype
    thirds = np.array([[1.0], [1.0], [2.0], [NAN]])
    (mean,) = FeatureEncoding.of(thirds, (None,)).mean
    assert mean == np.float32(4 / 3)  # float32 suffices for the encoded table


def test_complete_numbers_are_the_array_itself():
    table = TABLE[3:]
    assert FeatureEncoding.of(table, (None,) * 3).apply(table) is table


@given(arrays(np.float64, (5, 2), elements=st.floats(-9, 9) | st.just(NAN)))
def test_encoded_numbers_are_finite_and_hold_all_that_is_known(table):
    encoding = FeatureEncoding.of(table, (None, None))
    encoded = encoding.apply(table)
    assert np.isfinite(encoded).all()
    numbers = encoded[:, ~encoding.is_indicator]
    known = ~np.isnan(table)
    np.testing.assert_array_equal(numbers[known], table[known])
    lacking = encoded[:, encoding.is_indicator].sum()
    assert lacking == np.isnan(table).sum()


def test_with_categories_numbers_are_weighed_by_their_deviation():
    encoding = FeatureEncoding.of(TABLE, KINDS)
    columns = encoding.apply(TABLE)
    deviations = columns[:, [0, 5]].std(0)
    half = np.sqrt(0.5)
    expected = [1 / deviations[0], half, half, half, half, 1 / deviations[1], half]
    np.testing.assert_allclose(encoding.column_weights(columns), expected)
    weighted = columns * encoding.column_weights(columns)
    other = weighted[1, 2:5] - weighted[0, 2:5]
    assert np.linalg.norm(other) == pytest.approx(1)  # b and a


def test_without_categories_features_are_compared_as_given():
    encoding = FeatureEncoding.of(TABLE[:, [0]], (None,))
    assert encoding.column_weights(encoding.apply(TABLE[:, [0]])) is None


@pytest.mark.parametrize(
    "parts",
    [
        ((None,), (0.0, 1.0), (False,)),
        ((("b", "a"),), (0.0,), (False,)),
        ((("a", "a"),), (0.0,), (False,)),
        ((tuple(f"{k:03}" for k in range(256)),), (0.0,), (False,)),
    ],
)
def test_records_that_no_fit_makes_are_refused(parts):
    with pytest.raises(ValueError, match=r"encoding must|categories must"):
        FeatureEncoding(*parts)
