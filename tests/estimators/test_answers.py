import numpy as np
import pytest
import torch

from skattn.estimators._answers import Answers
from skattn.estimators._label_encoding import Classes, Indicators, Numbers

OUTPUTS = torch.tensor([[1.0, 3.0, 2.0], [0.0, 0.0, 5.0]])


def test_log_odds_of_a_class_are_those_of_its_probability():
    answers = Answers(Classes(np.array(list("abc"))), np.array([1, 2]), np.array(["b"]))
    p = OUTPUTS.softmax(1)
    expected = [(p[0, 1] / (1 - p[0, 1])).log(), (p[1, 2] / (1 - p[1, 2])).log()]
    np.testing.assert_allclose(answers.of_rows(OUTPUTS.numpy()), expected, rtol=1e-5)
    assert answers.unit == "log odds"


def test_log_odds_of_a_label_are_its_output():
    answers = Answers(Indicators(np.arange(3)), np.array([0, 2]), np.array([0, 2]))
    assert answers.of_rows(OUTPUTS.numpy()).tolist() == [1, 5]


def test_numbers_are_in_the_units_of_y():
    encoding = Numbers(np.array([10.0, 0, 0]), np.array([2.0, 1, 1]), is_1d=False)
    answers = Answers(encoding, np.array([0, 0]), np.array([0, 0]))
    assert answers.of_rows(OUTPUTS.numpy()).tolist() == [12, 10]
    assert answers.unit == "value"


def test_answers_have_gradients():
    outputs = OUTPUTS.clone().requires_grad_()
    answers = Answers(None, np.array([2, 1]), np.array([2, 1]))
    answers.of(outputs, 1).sum().backward()
    assert outputs.grad.tolist() == [[0, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize("classes", [["a"], ["a", "b"]])
def test_one_class_alone_has_its_output_as_log_odds(classes):
    answers = Answers(Classes(np.array(classes)), np.array([0]), np.array(["a"]))
    row = np.array([[2.0, 0.5]], np.float32)[:, : len(classes)]
    assert answers.of_rows(row).tolist() == [2.0 if len(classes) == 1 else 1.5]
