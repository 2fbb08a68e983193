import math

import pytest
import torch
from torch.testing import assert_close

from skattn.ops import elu, use_backend

BACKENDS = pytest.mark.parametrize("backend", ["reference", "cpu"])


@BACKENDS
def test_positive_numbers_are_unchanged_and_negative_ones_approach_minus_one(backend):
    x = torch.tensor([2.0, 0.0, -math.log(2), -100.0], requires_grad=True)
    with use_backend(backend):
        out = elu(x)
    assert_close(out, torch.tensor([2.0, 0.0, -0.5, -1.0]))
    out.backward(torch.full((4,), 3.0))
    assert_close(x.grad, torch.tensor([3.0, 3.0, 1.5, 0.0]))


@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (3, 2, 5), (1200, 300)])
def test_backends_agree_in_any_shape_and_layout(shape):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=draw).movedim(0, -1) if shape else torch.ones(())
    dout = torch.randn(x.shape[::-1], generator=draw).permute(
        tuple(range(x.dim()))[::-1]
    )
    found = []
    for backend in ("reference", "cpu"):
        leaf = x.detach().requires_grad_()
        with use_backend(backend):
            out = elu(leaf)
        found.append((out.detach(), *torch.autograd.grad(out, leaf, dout)))
    assert_close(*found, rtol=1e-6, atol=2e-7)


def test_nan_is_propagated():
    with use_backend("cpu"):
        out = elu(torch.tensor([math.nan, math.inf, -math.inf]))
    assert_close(out, torch.tensor([math.nan, math.inf, -1.0]), equal_nan=True)


@BACKENDS
def test_gradients_have_gradients(backend):
    x = torch.tensor([1.0, -math.log(4)], requires_grad=True)
    with use_backend(backend):
        (first,) = torch.autograd.grad(elu(x).sum(), x, create_graph=True)
    first.sum().backward()
    assert_close(x.grad, torch.tensor([0.0, 0.25]))
