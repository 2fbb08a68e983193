import math

import pytest
import torch
from torch.testing import assert_close

from skattn.nn import Linear
from skattn.ops import Edges, SparseMatrix

SPARSE = SparseMatrix(
    Edges.from_csr([0, 1, 1, 3], [1, 0, 1], n_senders=2), torch.tensor([2.0, 3.0, -1.0])
)
DENSE = torch.tensor([[0.0, 2.0], [0.0, 0.0], [3.0, -1.0]])


@pytest.mark.parametrize("x", [DENSE, SPARSE], ids=["dense", "sparse"])
def test_rows_are_mapped_by_hand(x):
    linear = Linear(2, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0, 10.0], [2.0, 20.0]]))
        linear.bias.copy_(torch.tensor([0.5, -0.5]))
    expected = torch.tensor([[4.5, 39.5], [0.5, -0.5], [1.5, 9.5]])
    assert_close(linear(x), expected)
    linear(x).sum().backward()
    assert_close(linear.weight.grad, torch.tensor([[3.0, 3.0], [1.0, 1.0]]))
    assert_close(linear.bias.grad, torch.tensor([3.0, 3.0]))


@pytest.mark.parametrize("x", [DENSE, SPARSE], ids=["dense", "sparse"])
def test_map_without_a_bias_keeps_zero_rows(x):
    linear = Linear(2, 3, bias=False)
    assert linear.bias is None
    assert torch.equal(linear(x)[1], torch.zeros(3))


def test_weights_come_from_the_generator():
    state = torch.get_rng_state()
    first, again, other = (
        Linear(3, 4, generator=torch.Generator().manual_seed(seed)).weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    assert first.abs().max() <= math.sqrt(6 / (3 + 4))
