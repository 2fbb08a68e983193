import numpy as np
import pytest

from skattn.estimators._label_reader import ClassReader, NumberReader


def rows_of(y, sample_weight=None, *, unlabeled=None, class_weight=None):
    reader = ClassReader(unlabeled, class_weight)
    y, known = reader.read(y)
    return reader.learn(y, known, sample_weight).rows(y, known, sample_weight)


def test_rows_count_if_a_label_is_known_and_weighs_something():
    rows = rows_of([0, 1, -1, 1], np.array([1.0, 0.0, 1.0, 2.0]), unlabeled=-1)
    assert rows.has_weight.tolist() == [True, False, False, True]


def test_a_row_of_several_labels_counts_if_one_is_known():
    rows = rows_of([[0, 1], [-1, 1], [-1, -1], [1, 0]], unlabeled=-1)
    assert rows.has_weight.tolist() == [True, True, False, True]


def test_labels_weigh_nothing_where_they_are_unknown():
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    labels = rows_of(["b", "a", "?", "a"], weight, unlabeled="?").labels("weights")
    assert labels.y.tolist() == [1, 0, 0, 0]
    assert labels.weight.tolist() == [1, 2, 0, 4]


def test_class_weight_multiplies_sample_weight():
    weight = np.array([1.0, 2.0, 1.0])
    rows = rows_of([0, 1, 1], weight, class_weight={0: 10.0, 1: 0.5})
    assert rows.weight.tolist() == [10.0, 1.0, 0.5]
    assert rows.sample_weight.tolist() == [1, 2, 1]


def test_balanced_classes_weigh_alike():
    rows = rows_of([0, 1, 1, 1], class_weight="balanced")
    np.testing.assert_allclose(rows.weight, [2, 2 / 3, 2 / 3, 2 / 3])
    assert rows.sample_weight is None


def test_numbers_are_standardised_by_weight():
    reader = NumberReader(None)
    y, known = reader.read([1.0, 3.0, 100.0])
    weight = np.array([1.0, 1.0, 0.0])
    rows = reader.learn(y, known, weight).rows(y, known, weight)
    np.testing.assert_allclose(rows.encoded[:2, 0], [-1, 1])


def test_slices_slice_everything():
    rows = rows_of([0, 1, 0, 1], np.arange(4.0))[np.array([3, 0])]
    assert rows.y.tolist() == [1, 0]
    assert rows.encoded.tolist() == [1, 0]
    assert rows.weight.tolist() == rows.sample_weight.tolist() == [3, 0]
    assert len(rows) == 2


def test_labels_of_which_none_weighs_anything_are_an_error():
    rows = rows_of([0, 1], np.zeros(2))
    with pytest.raises(ValueError, match=r"sample_weight must leave a labelled row"):
        rows.labels("sample_weight")


@pytest.mark.parametrize(("early_stopping", "n"), [(False, 0), (0.5, 4), (True, 2)])
def test_rows_are_held_out_from_every_class(early_stopping, n):
    rows = rows_of([0, 1] * 4)
    held_out = rows.choose_held_out(early_stopping, np.random.RandomState(0))
    assert len(held_out) == n
    assert np.all(np.diff(held_out) > 0)
    assert sorted(rows.y[held_out].tolist()) == [0] * (n // 2) + [1] * (n // 2)


def test_rows_that_do_not_count_are_not_held_out():
    rows = rows_of([0, 1, -1, 0, 1, -1], unlabeled=-1)
    held_out = rows.choose_held_out(0.5, np.random.RandomState(0))
    assert len(held_out) == 2
    assert set(held_out.tolist()) <= {0, 1, 3, 4}


@pytest.mark.parametrize(("n_rows", "n"), [(1998, 0), (2000, 200)])
def test_auto_holds_out_a_tenth_from_2000_rows_on(n_rows, n):
    rows = rows_of(np.arange(n_rows) % 2)
    assert len(rows.choose_held_out("auto", np.random.RandomState(0))) == n
