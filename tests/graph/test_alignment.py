import numpy as np
import pandas as pd
import pytest

from skattn.graph._alignment import aligned, order_by_name

ABC = pd.Index(list("abc"))


def order(index, labels=ABC, **options):
    return order_by_name(pd.Index(index), pd.Index(labels), thing="y", **options)


def test_equal_labels_in_another_order_are_aligned():
    np.testing.assert_array_equal(order(["c", "a", "b"]), [1, 2, 0])
    np.testing.assert_array_equal(order([30, 10, 20], [10, 20, 30]), [1, 2, 0])


def test_categories_and_levels_are_labels():
    categories = pd.CategoricalIndex(list("cab"))
    np.testing.assert_array_equal(order(categories), [1, 2, 0])
    levels = pd.MultiIndex.from_tuples([("x", 2), ("x", 1)])
    np.testing.assert_array_equal(order(levels, levels[::-1]), [1, 0])


@pytest.mark.parametrize(
    ("index", "labels", "numbers"),
    [
        (list("abc"), list("abc"), None),
        (range(3), list("abc"), None),
        (range(3), [1, 2, 3], None),  # labels from 1 overlap with the row numbers
        ([7, 9, 4], list("abc"), None),  # row numbers that a slice kept
        ([4, 0, 2], [5, 1, 3], np.array([4, 0, 2])),  # those of the sliced graph
    ],
)
def test_equal_labels_and_row_numbers_keep_the_order(index, labels, numbers):
    assert order(index, labels, numbers=numbers) is None


@pytest.mark.parametrize(
    ("index", "labels", "named"),
    [
        (list("abx"), list("abc"), "got 'x' and no 'c'"),
        ([1, 2, 4], [1, 2, 3], "got 4 and no 3"),
        (pd.Index([0, 1], name="id"), ["a", "b"], "got 0, 1 and no 'a', 'b'"),
        ([101, 102], ["102", "101"], "of the same type"),
    ],
)
def test_different_labels_are_refused_with_the_first_of_them(index, labels, named):
    with pytest.raises(ValueError, match=f"index of y .*{named}"):
        order(index, labels)


def test_labels_that_may_be_row_numbers_are_refused():
    with pytest.raises(ValueError, match=r"which may be both.*y\.to_numpy\(\)"):
        order(range(3), [2, 0, 1])


def test_repeated_labels_keep_their_order_or_are_refused():
    assert order(list("aab"), list("aab")) is None
    with pytest.raises(ValueError, match=r"must not repeat labels.*'a' more than once"):
        order(list("aba"), list("aab"))


def test_containers_without_an_index_are_unchanged():
    values = [3, 1, 2]
    assert aligned(values, ABC, thing="y") is values
    series = pd.Series(values, index=list("cab"))
    assert aligned(series, None, thing="y") is series
    assert aligned(series, ABC, thing="y").tolist() == [1, 2, 3]


@pytest.mark.parametrize("label", [["c"], {"c"}, {"c": 1}])
def test_labels_that_are_not_hashable_are_refused(label):
    index = pd.Index([label, "b", "a"], tupleize_cols=False)
    with pytest.raises(TypeError, match="must be hashable"):
        order_by_name(index, ABC, thing="y")
