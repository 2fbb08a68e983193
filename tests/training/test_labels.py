import torch
from torch.testing import assert_close

from skattn._training import Labels

NUMBERS = torch.tensor([[1.0, -1.0], [0.0, 0.0], [-2.0, 3.0], [4.0, 1.0]])


def test_labels_are_counted_and_moved():
    labels = Labels(NUMBERS, torch.ones(4, 2))
    assert len(labels) == 4
    moved = labels.to(torch.device("meta"))
    assert (moved.y.device.type, moved.weight.device.type) == ("meta", "meta")
    assert_close(labels.y, NUMBERS)


def test_mean_is_weighted_and_zero_without_weights():
    values = torch.tensor([1.0, 2.0, 6.0])
    y = torch.zeros(3)
    assert Labels(y, torch.tensor([1.0, 0.0, 3.0])).mean(values) == 19 / 4
    assert Labels(y, torch.zeros(3)).mean(values) == 0
