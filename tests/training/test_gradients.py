import torch
from torch import nn

from skattn._training._gradients import Gradients


def layout(*shapes):
    return Gradients([nn.Parameter(torch.zeros(shape)) for shape in shapes])


def test_sums_of_vectors_are_sums_of_losses_and_gradients():
    sizes = layout((2, 2), (3,))
    first = sizes.pack(torch.tensor(1.0), [torch.ones(2, 2), torch.arange(3.0)])
    second = sizes.pack(torch.tensor(2.0), [torch.eye(2), torch.ones(3)])
    assert len(first) == sizes.length == 1 + 2 + 4 + 3
    assert sizes.add(first + second) == 3
    assert sizes.weights[0].grad.tolist() == [[2, 1], [1, 2]]
    assert sizes.weights[1].grad.tolist() == [1, 2, 3]


def test_a_weight_without_a_gradient_in_all_vectors_has_none():
    sizes = layout(1, 1)
    first = sizes.pack(torch.tensor(0.0), [None, None])
    second = sizes.pack(torch.tensor(0.0), [None, torch.ones(1)])
    sizes.add(first + second)
    assert sizes.weights[0].grad is None
    assert sizes.weights[1].grad == 1


def test_gradients_are_added_to_earlier_ones():
    sizes = layout(1)
    sizes.weights[0].grad = torch.tensor([2.0])
    sizes.add(sizes.pack(torch.tensor(0.0), [torch.ones(1)]))
    assert sizes.weights[0].grad == 3
