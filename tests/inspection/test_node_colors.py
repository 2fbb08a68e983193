import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skattn.inspection._node_colors import (
    CLASS_COLORS,
    N_SHADES,
    PLAIN,
    UNKNOWN,
    label_colors,
    plain_colors,
)


def colored(y, rows=None, n_nodes=None):
    rows = np.arange(len(y)) if rows is None else np.array(rows)
    return label_colors(y, rows, len(rows) if n_nodes is None else n_nodes)


def test_nodes_without_labels_have_one_color_and_no_legend():
    colors = plain_colors(3)
    assert colors.of_nodes == [PLAIN] * 3
    assert colors.legend == []


def test_each_class_has_a_color_in_sorted_order():
    colors = colored(["b", "a", "b"])
    first, second = CLASS_COLORS[:2]
    assert colors.of_nodes == [second, first, second]
    assert colors.legend == [("a", first), ("b", second)]
    assert colors.texts == ["b", "a", "b"]


@pytest.mark.parametrize("y", [[2, 10, 2], [2.0, 10.0, 2.0], [False, True, False]])
def test_few_whole_numbers_and_booleans_are_classes(y):
    first, second = CLASS_COLORS[:2]
    assert colored(y).of_nodes == [first, second, first]


def test_other_numbers_are_shades_from_the_smallest_to_the_largest():
    colors = colored([0.5, 2.5, 1.5])
    assert_array_equal(colors.codes, [0, N_SHADES - 1, (N_SHADES - 1) / 2 + 0.5])
    assert colors.of_nodes[:2] == ["#440154", "#fde725"]
    assert [text for text, _ in colors.legend] == ["0.5", "1", "1.5", "2", "2.5"]
    assert colored(np.arange(21)).palette == colors.palette


def test_equal_numbers_and_infinite_ones_have_a_shade():
    assert len(set(colored([0.5, 0.5]).of_nodes)) == 1
    assert_array_equal(colored([0.5, 1.5, np.inf]).codes, [0, 63, 63])


@pytest.mark.parametrize(
    "y",
    [
        [None, "a"],
        [np.nan, 1.0],
        pd.Series([pd.NA, 1], dtype="Int64"),
        np.ma.array([5, 1], mask=[True, False]),
    ],
)
def test_missing_labels_are_grey(y):
    colors = colored(y)
    assert colors.of_nodes == [UNKNOWN, CLASS_COLORS[0]]
    assert colors.texts[0] == ""


def test_nodes_that_are_no_rows_are_grey():
    colors = colored(["b", "a"], rows=[2, 0], n_nodes=3)
    assert colors.of_nodes == [CLASS_COLORS[0], UNKNOWN, CLASS_COLORS[1]]
    assert colors.texts == ["a", "", "b"]


def test_no_known_label_at_all_leaves_all_nodes_grey():
    assert colored([np.nan, np.nan]).of_nodes == [UNKNOWN] * 2
    assert colored([None, None]).of_nodes == [UNKNOWN] * 2


def test_many_classes_repeat_colors_and_the_legend_is_short():
    colors = colored([f"{k:03}" for k in range(300)])
    assert colors.of_nodes[0] == colors.of_nodes[len(CLASS_COLORS)]
    assert len(colors.legend) == 21
    assert colors.legend[-1][0] == "and 280 more"


def test_a_column_of_labels_is_accepted_and_two_columns_are_not():
    assert colored(np.array([[1], [2]])).of_nodes == list(CLASS_COLORS[:2])
    with pytest.raises(ValueError, match=r"shape \(2,\), got shape \(2, 2\)"):
        colored(np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"shape \(3,\), got shape \(2,\)"):
        label_colors([0, 1], np.arange(3), 3)
