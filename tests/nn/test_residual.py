import pytest
import torch
from torch.testing import assert_close

from skattn.nn._residual import LinearResidual
from skattn.ops import Edges, SparseMatrix

SPARSE = SparseMatrix(
    Edges.from_csr([0, 1, 1, 3], [1, 0, 1], n_senders=2), torch.tensor([2.0, 3.0, -1.0])
)
DENSE = torch.tensor([[0.0, 2.0], [0.0, 0.0], [3.0, -1.0]])


@pytest.fixture(params=[1, 2])
def residual(request):
    """Residual with columns a + 2 b and 10 (a + 2 b), times gates of 0.5."""
    made = LinearResidual(2, request.param, start=0.5)
    with torch.no_grad():
        made.weight.copy_(torch.tensor([[1.0, 10.0], [2.0, 20.0]])[:, : request.param])
    return made


@pytest.mark.parametrize("x", [DENSE, SPARSE], ids=["dense", "sparse"])
def test_gated_map_by_hand(residual, x):
    expected = torch.tensor([[2.0, 20.0], [0.0, 0.0], [0.5, 5.0]])
    assert_close(residual(x), expected[:, : len(residual.gate)])


@pytest.mark.parametrize("x", [DENSE, SPARSE], ids=["dense", "sparse"])
def test_add_to_equals_the_sum_and_its_gradients(residual, x):
    grads = []
    for add in (residual.add_to, lambda h, x: h + residual(x)):
        h = torch.ones(3, len(residual.gate), requires_grad=True)
        out = add(h, x)
        grads.append(torch.autograd.grad(out.square().sum(), [h, residual.gate]))
        assert_close(out, 1 + residual(x))
    assert_close(*grads)
