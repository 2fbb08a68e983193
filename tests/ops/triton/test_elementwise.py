import pytest
import torch

from skattn.ops import dropout, elu, use_backend

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])


def _call(backend, operation, x):
    x = x.detach().clone().requires_grad_()
    with use_backend(backend):
        y = operation(x)
    y.backward(torch.arange(float(y.numel())).view(y.shape).to(y.dtype))
    return y.detach(), x.grad


@DTYPES
def test_dropout_keeps_the_elements_of_the_reference(dtype):
    x = torch.randn(37, 41, generator=torch.Generator().manual_seed(0)).to(dtype).t()

    def drop(x):
        return dropout(x, 0.3, seed=2**60 + 17)

    found, expected = (_call(name, drop, x) for name in ("triton", "reference"))
    tolerance = 1e-2 if dtype == torch.bfloat16 else 1e-6
    for a, b in zip(found, expected, strict=True):
        assert a.ne(0).equal(b.ne(0))
        torch.testing.assert_close(a, b, rtol=tolerance, atol=0)


@DTYPES
def test_elu_and_its_gradient(dtype, relative_error):
    x = torch.linspace(-4, 4, 2100).to(dtype).view(3, 700)
    found, expected = (_call(name, elu, x) for name in ("triton", "reference"))
    tolerance = 5e-3 if dtype == torch.bfloat16 else 1e-6
    for a, b in zip(found, expected, strict=True):
        assert relative_error(a, b) < tolerance


def test_gradients_of_gradients():
    x = torch.tensor([-1.0, 0.5], requires_grad=True)
    with use_backend("triton"):
        (dx,) = torch.autograd.grad(elu(x).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(dx.sum(), x)
    torch.testing.assert_close(
        second, torch.tensor([-1.0, 0.0]).exp() * torch.tensor([1.0, 0.0])
    )
