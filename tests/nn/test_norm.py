import threading
from dataclasses import dataclass

import pytest
import torch

from skattn.nn._norm import BatchNorm, part_of_batch

WIDTH = 3


class Meeting:
    """Sums over parts that are computed in two threads."""

    def __init__(self):
        self.barrier = threading.Barrier(2, timeout=600)
        self.vectors = {}

    def add(self, number, vector):
        self.vectors[number] = vector
        self.barrier.wait()
        total = self.vectors[0] + self.vectors[1]
        self.barrier.wait()
        return total


@dataclass
class Part:
    meeting: Meeting
    number: int

    @property
    def is_first(self):
        return self.number == 0

    def add(self, vector):
        return self.meeting.add(self.number, vector)


@pytest.fixture
def rows():
    return torch.randn(10, WIDTH, generator=torch.Generator().manual_seed(0)) * 3 + 1


def make():
    norm = BatchNorm(WIDTH)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, -1.0]))
        norm.bias.copy_(torch.tensor([0.0, 1.0, 2.0]))
    return norm


def in_parts(norm, rows, sizes, goal):
    """Outputs, and gradients of rows, weight and bias, computed in two threads."""
    meeting, found = Meeting(), {}

    def work(number, x, y):
        with part_of_batch(Part(meeting, number)):
            x = x.clone().requires_grad_()
            out = norm(x)
            leaves = x, norm.weight, norm.bias
            found[number] = out.detach(), torch.autograd.grad((out * y).sum(), leaves)

    parts = zip(rows.split(sizes), goal.split(sizes), strict=True)
    threads = [
        threading.Thread(target=work, args=(number, *part))
        for number, part in enumerate(parts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (out0, (x0, *w0)), (out1, (x1, *w1)) = found[0], found[1]
    sums = [a + b for a, b in zip(w0, w1, strict=True)]
    return [torch.cat([out0, out1]), torch.cat([x0, x1]), *sums]


@pytest.mark.parametrize("sizes", [[5, 5], [1, 9]])
def test_parts_are_normalised_as_the_whole_batch(rows, sizes):
    goal = torch.randn(10, WIDTH, generator=torch.Generator().manual_seed(1))
    whole, parts = make(), make()
    x = rows.clone().requires_grad_()
    out = whole(x)
    grads = torch.autograd.grad((out * goal).sum(), [x, whole.weight, whole.bias])
    found = in_parts(parts, rows, sizes, goal)
    for expected, value in zip([out, *grads], found, strict=True):
        torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(parts.state_dict(), whole.state_dict())


def test_evaluation_and_single_rows_use_running_statistics():
    norm = make()
    alone = torch.tensor([[1.0, 2.0, 3.0]])
    expected = torch.tensor([[1.0, 5.0, -1.0]])  # mean 0, variance 1
    torch.testing.assert_close(norm(alone), expected, rtol=1e-4, atol=1e-4)
    with part_of_batch(Part(Meeting(), 0)):
        norm.eval()
        torch.testing.assert_close(norm(alone), expected, rtol=1e-4, atol=1e-4)
