import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    StratifiedKFold,
    cross_val_score,
)

from skattn.graph import Graph, LabelledFold

Y = np.array([0, -1, 1, 0, -1, 1, 0, 1])
LABELLED = {0, 2, 3, 5, 6, 7}


def test_test_folds_hold_every_labelled_row_once():
    folds = list(LabelledFold(3).split(np.zeros((8, 1)), Y))
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == sorted(LABELLED)
    assert len(folds) == 3


def test_unlabelled_rows_are_in_every_training_set():
    for train, test in LabelledFold(2).split(np.zeros((8, 1)), Y):
        assert {1, 4} <= set(train)
        assert set(train) | set(test) == set(range(8))
        assert not set(train) & set(test)
        assert (np.diff(train) > 0).all()


def test_number_of_folds_is_stratified_for_classes():
    for _, test in LabelledFold(3).split(np.zeros((8, 1)), Y):
        assert sorted(Y[test]) == [0, 1]


def test_unlabeled_can_be_nan():
    y = np.array([0.5, np.nan, 1.5, 2.5])
    folds = list(LabelledFold(3, unlabeled=np.nan).split(np.zeros((4, 1)), y))
    assert [list(test) for _, test in folds] == [[0], [2], [3]]


def test_row_of_several_outputs_is_unlabelled_if_all_its_entries_are():
    y = np.array([[0, 1], [-1, 1], [-1, -1], [1, -1]])
    folds = list(LabelledFold(3).split(np.zeros((4, 1)), y))
    assert [list(test) for _, test in folds] == [[0], [1], [3]]


def test_unlabeled_can_be_a_string():
    y = pd.Series(["a", "?", "b", "a", "b"])
    cv = LabelledFold(2, unlabeled="?")
    assert all(1 not in test for _, test in cv.split(np.zeros((5, 1)), y))


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b", "a", "b"],
        pd.Series([0, None, 1, 0, 1], dtype="Int64"),
        np.ma.masked_array([0, 0, 1, 0, 1], [False, True, False, False, False]),
    ],
)
def test_missing_and_masked_labels_are_unlabelled_and_classes_stratified(y):
    folds = list(LabelledFold(2, unlabeled=np.nan).split(np.zeros((5, 1)), y))
    assert [sorted(test) for _, test in folds] == [[0, 2], [3, 4]]
    assert all(1 in train for train, _ in folds)


@pytest.mark.parametrize(
    ("y", "mark", "message"),
    [
        (["-1", "a", "b", "a"], -1, "unlabeled=-1 must occur"),
        (["a", None, "b", "a"], -1, "Input y contains NaN.*unlabeled=float"),
        (np.ma.masked_array([0, 1, 1], [1, 0, 0]), None, "a mask of 1"),
        (["a", 1, "a", 1], -1, "one type, got texts and int"),
        ([0, 1, 0, 1], np.void((1, 2), dtype="i4, i4"), "unlabeled must be one value"),
    ],
)
def test_labels_that_are_not_marked_are_refused(y, mark, message):
    with pytest.raises(ValueError, match=message):
        next(LabelledFold(2, unlabeled=mark).split(np.zeros((4, 1)), y))


def test_groups_of_labelled_rows_stay_together():
    groups = np.array([0, 9, 0, 1, 9, 1, 2, 2])
    cv = LabelledFold(GroupKFold(3))
    for train, test in cv.split(np.zeros((8, 1)), Y, groups):
        labelled = np.intersect1d(train, list(LABELLED))
        assert not set(groups[labelled]) & set(groups[test])
    assert cv.get_n_splits(np.zeros((8, 1)), Y, groups) == 3


@pytest.mark.parametrize(
    ("cv", "number"), [(4, 4), (KFold(3), 3), (StratifiedKFold(2), 2)]
)
def test_number_of_folds_is_known_without_rows(cv, number):
    assert LabelledFold(cv).get_n_splits() == number


def test_leave_one_out_counts_labelled_rows():
    assert LabelledFold(LeaveOneOut()).get_n_splits(np.zeros((8, 1)), Y) == 6


def test_scores_of_a_graph_use_labelled_rows_alone():
    class Majority(DummyClassifier):
        def score(self, X, y, sample_weight=None):
            assert -1 not in y
            return len(y)

    graph = Graph(np.eye(8), np.zeros((8, 2)))
    scores = cross_val_score(Majority(), graph, Y, cv=LabelledFold(3))
    np.testing.assert_array_equal(scores, [2, 2, 2])


def test_splitter_prints_and_clones():
    assert repr(LabelledFold(3)) == "LabelledFold(cv=3, unlabeled=-1)"
    assert clone(LabelledFold(3), safe=False).cv == 3


def test_missing_y_is_refused():
    with pytest.raises(ValueError, match="needs y"):
        next(LabelledFold().split(np.zeros((8, 1))))


def test_no_labelled_rows_are_refused():
    with pytest.raises(ValueError, match=r"labelled rows, got none.*unlabeled="):
        next(LabelledFold().split(np.zeros((3, 1)), np.full(3, -1)))


@pytest.mark.parametrize("y", [[], np.empty((0, 2))])
def test_y_without_rows_is_refused(y):
    with pytest.raises(ValueError, match="labelled rows, got none"):
        LabelledFold().get_n_splits(y=y)


def test_rows_of_another_number_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(LabelledFold(2).split(np.zeros((5, 1)), Y))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LabelledFold(2).get_n_splits(np.zeros((5, 1)), Y)


def test_rows_can_be_records():
    X = np.zeros(8, dtype=[("a", int), ("b", float)])
    folds = list(LabelledFold(3).split(X, Y))
    assert sorted(np.concatenate([test for _, test in folds])) == sorted(LABELLED)


@pytest.mark.parametrize("format_", ["csr", "bsr", "coo", "dia"])
def test_rows_can_be_sparse(format_):
    X = sparse.csr_array(np.eye(8)).asformat(format_)
    folds = list(LabelledFold(3).split(X, Y))
    assert sorted(np.concatenate([test for _, test in folds])) == sorted(LABELLED)


def test_records_as_y_are_refused():
    with pytest.raises(TypeError, match=r"got records.*Select one"):
        next(LabelledFold(2).split(np.zeros((2, 1)), np.zeros(2, dtype="i4, i4")))


@pytest.mark.parametrize("y", [3, "ab", {"a": 1}])
def test_y_that_is_no_data_is_refused(y):
    with pytest.raises(TypeError, match="one label per row"):
        LabelledFold().get_n_splits(y=y)


def test_cv_is_a_number_or_a_splitter():
    with pytest.raises(TypeError, match="number of folds or a splitter, got str"):
        next(LabelledFold("five").split(np.zeros((8, 1)), Y))
