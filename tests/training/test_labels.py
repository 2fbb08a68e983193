import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from skattn._training import Labels
from skattn._training._labels import WeightedLoss

OUTPUT = torch.tensor([[2.0, -1.0], [0.5, 0.25], [-3.0, 1.0], [1.0, 1.5]])
CLASSES = torch.tensor([0, 1, 1, 0])
LABELS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
NUMBERS = torch.tensor([[1.0, -1.0], [0.0, 0.0], [-2.0, 3.0], [4.0, 1.0]])
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 0.25])


def loss_of(kind, y, weight):
    return WeightedLoss(kind)(OUTPUT, Labels(y, weight)).item()


def score_of(kind, y, weight):
    return WeightedLoss(kind).score(OUTPUT, Labels(y, weight)).item()


def test_weighted_cross_entropy_is_sklearns_log_loss():
    proba = OUTPUT.softmax(1).numpy()
    expected = log_loss(CLASSES.numpy(), proba, sample_weight=WEIGHT.numpy())
    assert loss_of("cross_entropy", CLASSES, WEIGHT) == pytest.approx(expected)


def test_class_weights_times_sample_weights_are_torchs_weighted_mean():
    per_class = torch.tensor([3.0, 0.5])
    expected = cross_entropy(OUTPUT, CLASSES, weight=per_class).item()
    ours = loss_of("cross_entropy", CLASSES, per_class[CLASSES])
    assert ours == pytest.approx(expected)


def test_weighted_binary_cross_entropy_is_the_mean_over_known_entries():
    weight = WEIGHT[:, None] * torch.tensor([[1.0, 0], [1, 1], [0, 1], [1, 1]])
    p = OUTPUT.sigmoid()
    each = -(LABELS * p.log() + (1 - LABELS) * (1 - p).log())
    expected = np.average(each.numpy(), weights=weight.numpy())
    ours = loss_of("binary_cross_entropy", LABELS, weight)
    assert ours == pytest.approx(expected, rel=1e-5)


def test_weighted_squared_error_is_sklearns():
    weight = WEIGHT[:, None].expand(4, 2)
    expected = mean_squared_error(NUMBERS, OUTPUT, sample_weight=WEIGHT)
    assert loss_of("squared_error", NUMBERS, weight) == pytest.approx(expected)
    assert score_of("squared_error", NUMBERS, weight) == pytest.approx(-expected)


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("cross_entropy", CLASSES),
        ("binary_cross_entropy", LABELS),
        ("squared_error", NUMBERS),
    ],
)
def test_unknown_answers_give_no_loss_no_score_and_no_gradient(kind, y):
    other = y.clone()
    other[1] = 1 - other[1]
    weight = torch.tensor([1.0, 0.0, 1.0, 1.0])
    if y.dim() == 2:
        weight = weight[:, None].expand(4, 2)
    assert loss_of(kind, y, weight) == loss_of(kind, other, weight)
    assert score_of(kind, y, weight) == score_of(kind, other, weight)
    output = OUTPUT.clone().requires_grad_()
    WeightedLoss(kind)(output, Labels(y, weight)).backward()
    assert output.grad[1].tolist() == [0, 0]
    assert output.grad[0].abs().max() > 0


def test_score_of_classes_is_weighted_accuracy():
    ours = score_of("cross_entropy", CLASSES, WEIGHT)
    predicted = [0, 0, 1, 1]
    assert ours == pytest.approx(
        accuracy_score(CLASSES.numpy(), predicted, sample_weight=WEIGHT.numpy())
    )
    assert ours == pytest.approx(1.5 / 3.75)


def test_score_of_labels_is_the_weighted_share_of_right_entries():
    right = torch.tensor([[1.0, 1], [0, 1], [1, 0], [1, 1]])
    weight = torch.tensor([[1.0, 1], [3, 1], [1, 0], [0, 1]])
    expected = (right * weight).sum() / weight.sum()
    assert score_of("binary_cross_entropy", LABELS, weight) == expected.item()


def test_loss_does_not_depend_on_the_scale_of_the_weights():
    assert loss_of("cross_entropy", CLASSES, WEIGHT * 7) == pytest.approx(
        loss_of("cross_entropy", CLASSES, WEIGHT)
    )


def test_goal_counts_its_answers_and_moves():
    goal = Labels(NUMBERS, torch.ones(4, 2))
    assert len(goal) == 4
    moved = goal.to(torch.device("meta"))
    assert (moved.y.device.type, moved.weight.device.type) == ("meta", "meta")
    assert_close(goal.y, NUMBERS)
