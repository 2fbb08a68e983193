import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from skattn.estimators._class_weight import class_weigher

CLASSES = np.array(["a", "b", "c"])
Y = np.array(["b", "a", "b", "c", "b", "?"])
KNOWN = np.array([True] * 5 + [False])
LABELS = np.array([[0, 1], [1, 1], [0, 1], [-1, 0]])
LABELS_KNOWN = LABELS >= 0


def test_rows_have_the_weight_of_their_class():
    weigh = class_weigher({"a": 2, "b": 0.5, "c": 4}, CLASSES, Y, KNOWN)
    assert weigh(Y, KNOWN).tolist() == [0.5, 2, 0.5, 4, 0.5, 1]


def test_a_class_without_class_weight_has_weight_one():
    weigh = class_weigher({"c": 4}, CLASSES, Y, KNOWN)
    assert weigh(Y, KNOWN).tolist() == [1, 1, 1, 4, 1, 1]


def test_balanced_counts_the_training_rows_alone():
    weigh = class_weigher("balanced", CLASSES, Y, KNOWN)
    validated = np.array(["c", "c", "b", "?"])
    known = np.array([True, True, True, False])
    # 5 known rows / 3 classes / rows of the class
    expected = [5 / 3, 5 / 3, 5 / 9, 1]
    np.testing.assert_allclose(weigh(validated, known), expected)


def test_weights_of_several_labels_multiply():
    per_label = [{0: 2, 1: 3}, {0: 1, 1: 5}]
    weigh = class_weigher(per_label, np.arange(2), LABELS, LABELS_KNOWN)
    assert weigh(LABELS, LABELS_KNOWN).tolist() == [10, 15, 10, 1]


def test_balanced_labels_multiply():
    weigh = class_weigher("balanced", np.arange(2), LABELS, LABELS_KNOWN)
    # of three known rows: 3 / 2 / 2 for the frequent label 0, 3 / 2 / 1 for label 1,
    # 3 / 1 / 3 for the second column, where all are one
    expected = [0.75, 1.5, 0.75, 1]
    np.testing.assert_allclose(weigh(LABELS, LABELS_KNOWN), expected)


@pytest.mark.parametrize("class_weight", ["balanced", {"a": 1}])
def test_unknown_rows_have_weight_one(class_weight):
    weigh = class_weigher(class_weight, CLASSES, Y, KNOWN)
    assert weigh(np.array(["?", "?"]), np.zeros(2, bool)).tolist() == [1, 1]


def test_class_weight_is_a_sample_weight_by_class(small, graph, y):
    params = {"early_stopping": False}
    by_class = small(class_weight={0: 1, 1: 5}, **params).fit(graph, y)
    by_row = small(**params).fit(graph, y, sample_weight=np.where(y == 1, 5, 1))
    assert by_class.loss_curve_ == pytest.approx(by_row.loss_curve_, rel=1e-5)


def test_class_weight_takes_string_labels(small, graph, y):
    words = np.array(["no", "yes"])[y]
    by_class = small(class_weight={"no": 2, "yes": 1}).fit(graph, words)
    by_row = small().fit(graph, words, sample_weight=2.0 - y)
    assert by_class.loss_curve_ == pytest.approx(by_row.loss_curve_, rel=1e-5)


def test_class_weight_of_several_labels_is_their_product_by_row(small, graph, table):
    labels = (table[0] > 0).astype(int)
    per_label = [{0: 1, 1: 2}, {0: 1, 1: 1}, {0: 3, 1: 1}]
    by_class = small(class_weight=per_label).fit(graph, labels)
    weight = np.where(labels[:, 0], 2, 1) * np.where(labels[:, 2], 1, 3)
    by_row = small().fit(graph, labels, sample_weight=weight)
    assert by_class.loss_curve_ == pytest.approx(by_row.loss_curve_, rel=1e-5)
    assert by_class.loss_curve_ != small().fit(graph, labels).loss_curve_


def test_balanced_labels_are_learned_too(small, graph, table):
    labels = (table[0] > 0).astype(int)
    by_class = small(class_weight="balanced").fit(graph, labels)
    weight = compute_sample_weight("balanced", labels)
    by_row = small().fit(graph, labels, sample_weight=weight)
    assert by_class.loss_curve_ == pytest.approx(by_row.loss_curve_, rel=1e-5)
