"""Conditions of generated graphs."""

import numpy as np
import pandas as pd
import pytest

from skattn.estimators._conditions import Conditions


def test_classes_are_one_hot_and_unknown_ones_zero():
    conditions = Conditions.learn(["ring", "chain", None, "ring"], 4)
    assert conditions.n_columns == 2
    assert conditions.columns(["chain", None, "ring"], 3).tolist() == [
        [1, 0],
        [0, 0],
        [0, 1],
    ]
    assert conditions.columns(None, 2).tolist() == [[0, 0]] * 2


def test_integers_are_classes_and_floats_numbers():
    assert Conditions.learn([0, 1, 2, 1], 4).n_columns == 3
    numbers = Conditions.learn([0.0, 2.0, np.nan], 3)
    assert numbers.columns([3.0, np.nan], 2).tolist() == [[2, 1], [0, 0]]


def test_one_value_is_that_of_all_graphs():
    classes = Conditions.learn(["a", "b"], 2)
    assert classes.columns("b", 3).tolist() == [[0, 1]] * 3
    several = Conditions.learn([[0.0, 4.0], [2.0, 8.0]], 2)
    assert several.columns([2.0, 6.0], 2).tolist() == [[1, 0, 1, 1]] * 2


def test_several_numbers_may_be_known_in_part():
    several = Conditions.learn(np.array([[0.0, 4.0], [2.0, 8.0], [np.nan, 6.0]]), 3)
    rows = several.columns([[np.nan, 8.0], [2.0, np.nan], [np.nan, np.nan]], 3)
    assert rows[:, 2:].tolist() == [[0, 1], [1, 0], [0, 0]]
    assert rows[0, 0] == rows[1, 1] == 0
    assert several.columns(np.full((2, 2), np.nan), 2).tolist() == [[0] * 4] * 2


def test_columns_of_pandas_are_read():
    assert Conditions.learn(pd.Series(["a", "b", pd.NA]), 3).n_columns == 2
    frame = pd.DataFrame({"logp": [0.5, 1.0], "rings": [1, 2]})
    assert Conditions.learn(frame, 2).n_columns == 4


def test_unknown_class_is_named():
    with pytest.raises(ValueError, match=r"classes of fit \('a', 'b'\), got 'c'"):
        Conditions.learn(["a", "b"], 2).columns(["a", "c"], 2)


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"one value per graph \(3\)"):
        Conditions.learn(["a", "b"], 3)
    with pytest.raises(ValueError, match=r"one value per sample \(3\)"):
        Conditions.learn(["a", "b"], 2).columns(["a", "b"], 3, rows="sample")
    with pytest.raises(ValueError, match="as many numbers per graph"):
        Conditions.learn([1.0, 2.0], 2).columns(np.ones((2, 2)), 2)


def test_too_many_classes_are_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"128 classes, got 129.*astype\(float\)"):
        Conditions.learn(np.arange(129), 129)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="at least two classes"):
        Conditions.learn(["a", "a"], 2)
