"""Unknown labels of every kind, in fit, validation and score."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import cross_val_score

from skattn import Graph, GraphAttentionClassifier, GraphAttentionRegressor
from skattn.graph import LabelledFold

NAN = float("nan")
X = np.random.default_rng(0).normal(size=(12, 2))
G = Graph(np.eye(12), X)
UNKNOWN = np.arange(12) < 3
WORDS = np.array(["cat", "dog"], dtype=object)[np.arange(12) % 2]


def with_unknown(value):
    return [
        value if unknown else word for unknown, word in zip(UNKNOWN, WORDS, strict=True)
    ]


@pytest.mark.parametrize(
    "y",
    [
        with_unknown(None),
        with_unknown(NAN),
        np.array(with_unknown(None), dtype=object),
        pd.Series(with_unknown(None), dtype="string"),
        pd.Series(with_unknown(None), dtype="category"),
        np.ma.masked_array(with_unknown("mouse"), UNKNOWN),
    ],
    ids=["None", "NaN", "object", "string", "category", "masked"],
)
def test_missing_words_are_no_class(small, y):
    clf = small(unlabeled=NAN).fit(G, y)
    assert clf.classes_.tolist() == ["cat", "dog"]
    assert clf._fit_record_.n_train == 9
    right = clf.predict(G)[~UNKNOWN] == WORDS[~UNKNOWN]
    assert clf.score(G, y) == pytest.approx(right.mean())


@pytest.mark.parametrize("dtype", ["Int64", "boolean"])
def test_classes_of_nullable_columns_keep_their_type(small, dtype):
    y = pd.Series([None] * 3 + [0, 1] * 4 + [0], dtype="Int64").astype(dtype)
    clf = small(unlabeled=NAN).fit(G, y)
    assert clf.classes_.dtype == (np.int64 if dtype == "Int64" else np.bool_)
    assert 0 <= clf.score(G, y) <= 1


def test_masked_numbers_are_unknown(small):
    y = np.ma.masked_array(np.r_[np.arange(9.0), 1e6, 1e6, 1e6], np.arange(12) > 8)
    reg = small(GraphAttentionRegressor, unlabeled=NAN).fit(X, y)
    assert reg._label_encoding_.mean == 4
    predicted = reg.predict(X)
    expected = r2_score(np.arange(9.0), predicted[:9])
    assert reg.score(X, y) == pytest.approx(expected)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([1.5, None, *range(10)], dtype="Float64"),
        pd.Series([1, None, *range(10)], dtype="Int64"),
        [1.5, None, *range(10)],
        ["1.5", "nan", *map(str, range(10))],
    ],
)
def test_missing_numbers_are_unknown(small, y):
    reg = small(GraphAttentionRegressor, unlabeled=NAN).fit(X, y)
    assert reg._fit_record_.n_train == 11


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            with_unknown(None),
            r"Input y contains NaN.* in 3 rows \(0, 1, 2\).*unlabeled=",
        ),
        (pd.Series(with_unknown(None), dtype="string"), "contains NaN.*unlabeled="),
        (np.r_[NAN, np.arange(11) % 2], r"contains NaN.* in 1 rows \(0\)"),
        (np.ma.masked_array(WORDS, UNKNOWN), "mask of 3 of them.*unlabeled="),
        ([1, *WORDS[1:]], r"one type, got texts and int \(1\)"),
    ],
)
def test_unknown_classes_without_a_mark_are_refused(small, y, message):
    with pytest.raises(ValueError, match=message):
        small().fit(G, y)


@pytest.mark.parametrize("mark", [-1, NAN])
def test_text_of_the_mark_is_refused(small, mark):
    y = with_unknown(str(mark))
    with pytest.raises(ValueError, match=f"unlabeled={mark} must occur in y"):
        small(unlabeled=mark).fit(G, y)
    clf = small(unlabeled=mark).fit(G, [*with_unknown(mark)[:3], *WORDS[3:]])
    with pytest.raises(ValueError, match=f"unlabeled={mark} must occur in y"):
        clf.score(G, y)


def test_mark_as_text_of_numbers_is_refused(small):
    y = np.where(UNKNOWN, -1.0, np.arange(12))
    with pytest.raises(ValueError, match=r"unlabeled='-1' must occur.*unlabeled=-1;"):
        small(GraphAttentionRegressor, unlabeled="-1").fit(X, y)


def test_class_that_reads_like_a_missing_value_is_scored(small):
    words = np.where(np.arange(12) % 2, "None", "mild").astype(object)
    clf = small(unlabeled=NAN).fit(G, np.where(UNKNOWN, None, words))
    assert clf.score(G, words) == accuracy_score(words, clf.predict(G))


def test_validation_rows_with_masked_labels_are_left_out(small):
    y = np.ma.masked_array(WORDS, UNKNOWN)
    clf = small(unlabeled="?", scoring="accuracy")
    clf.fit(G[:8], WORDS[:8], X_val=G[2:6], y_val=y[2:6])
    assert clf._fit_record_.n_validation == 3


def test_cross_validation_of_missing_words(small):
    y = pd.Series(with_unknown(None), dtype="string")
    cv = LabelledFold(2, unlabeled=NAN)
    scores = cross_val_score(small(unlabeled=NAN), G, y, cv=cv, error_score="raise")
    assert len(scores) == 2


@pytest.mark.parametrize("cls", [GraphAttentionClassifier, GraphAttentionRegressor])
def test_labels_to_score_have_the_shape_of_the_prediction(small, cls):
    fitted = small(cls).fit(X, np.arange(12) % 2)
    with pytest.raises(ValueError, match=r"one label per row or target of X \(12\)"):
        fitted.score(X, [0, 1])
    with pytest.raises(
        ValueError, match=r"shape of predict\(X\), \(12,\), got \(12, 2"
    ):
        fitted.score(X, np.eye(2)[np.arange(12) % 2])


def test_score_needs_a_row_of_known_numbers(small):
    Y = np.column_stack([np.arange(12.0), np.arange(12.0)])
    reg = small(GraphAttentionRegressor, unlabeled=NAN).fit(X, Y)
    Y[::2, 0] = Y[1::2, 1] = NAN
    with pytest.raises(ValueError, match="labels are all known, got none among 12"):
        reg.score(X, Y)
