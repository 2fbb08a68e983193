import pytest
import torch

from skattn.ops import Edges, Gat, dropout, edge_attention, use_backend

MASK = 0xFFFFFFFF


def _mix(x):
    x ^= x >> 16
    x = x * 0x7FEB352D & MASK
    x ^= x >> 15
    x = x * 0x846CA68B & MASK
    return x ^ x >> 16


def _is_kept(row, column, p, seed):
    """Return whether an element is kept, by the documented hash."""
    mixed = _mix((row ^ seed) & MASK)
    return _mix((mixed + column * 0x9E3779B9 + (seed >> 32)) & MASK) >= int(p * 2**32)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("seed", [0, 7, 2**64 - 1, 12345678901234567])
def test_elements_are_kept_as_documented(backend, seed):
    with use_backend(backend):
        out = dropout(torch.ones(5, 8), 0.5, seed)
    expected = [2.0 * _is_kept(k, 0, 0.5, seed) for k in range(40)]
    assert out.flatten().tolist() == expected


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_weights_are_kept_as_documented(backend):
    edges = Edges.from_csr(range(41), range(40), n_senders=40)
    score = Gat(torch.zeros(40, 3), torch.zeros(40, 3))  # every weight is 1
    with use_backend(backend):
        out = edge_attention(edges, score, torch.ones(40, 3, 1), dropout=0.75, seed=9)
    expected = [[4.0 * _is_kept(e, h, 0.75, 9) for h in range(3)] for e in range(40)]
    assert out[:, :, 0].tolist() == expected


@pytest.mark.parametrize("p", [0.1, 0.6])
def test_the_dropped_fraction_is_the_probability(p):
    out = dropout(torch.ones(100_000), p, seed=4)
    dropped = out.eq(0).double().mean().item()
    assert abs(dropped - p) < 5 * (p * (1 - p) / 100_000) ** 0.5
    assert abs(out.mean().item() - 1) < 0.02


def test_another_seed_drops_other_elements():
    x = torch.ones(1000)
    agree = dropout(x, 0.5, 1).eq(dropout(x, 0.5, 2)).double().mean()
    assert 0.4 < agree < 0.6


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_gradient_passes_where_the_value_passed(backend):
    x = torch.ones(50, 4, requires_grad=True)
    with use_backend(backend):
        out = dropout(x, 0.3, seed=8)
    out.sum().backward()
    assert x.grad.equal(out.detach())


def test_backends_agree_on_many_blocks_in_any_layout():
    x = torch.randn(700, 300, generator=torch.Generator().manual_seed(0)).t()
    outs = []
    for backend in ("reference", "cpu"):
        with use_backend(backend):
            outs.append(dropout(x, 0.4, seed=3))
    assert outs[0].eq(0).equal(outs[1].eq(0))
    torch.testing.assert_close(*outs)


def test_nothing_to_drop_returns_the_tensor_itself():
    x = torch.ones(3)
    assert dropout(x, 0.0, seed=1) is x


def test_empty_tensor_passes():
    assert dropout(torch.empty(0, 4), 0.5, seed=1).shape == (0, 4)


def test_dtype_is_kept():
    assert dropout(torch.ones(4, dtype=torch.float64), 0.5, 1).dtype == torch.float64


@pytest.mark.parametrize("p", [1.0, -0.5])
def test_probability_outside_its_range_is_refused(p):
    with pytest.raises(ValueError, match="at least 0 and less than 1"):
        dropout(torch.ones(3), p, seed=0)


def test_gradient_is_right_in_float64():
    x = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: dropout(x, 0.5, 3), (x,))
