import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from skattn.nn import PeriodicEmbedding
from skattn.ops import Edges, SparseMatrix

X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])


def made(n_waves=4, seed=0):
    embedding = PeriodicEmbedding(2, n_waves=n_waves)
    embedding.reset_parameters(torch.Generator().manual_seed(seed))
    return embedding


def test_output_is_the_features_followed_by_their_sines():
    embedding = made(n_waves=2)
    with torch.no_grad():
        embedding.frequency.copy_(torch.tensor([[0.25, 0.5], [0.25, 1.0]]))
        embedding.phase.copy_(torch.tensor([[0.0, 0.0], [math.pi / 2, 0.0]]))
    # quarter and half turns of the first column, cosine and whole turns of the second
    expected = [
        [1.0, 2.0, 1.0, 0.0, -1.0, 0.0],
        [3.0, -1.0, -1.0, 0.0, 0.0, 0.0],
        [0.5, 0.0, math.sqrt(0.5), 1.0, 1.0, 0.0],
    ]
    assert_close(embedding(X), torch.tensor(expected), atol=1e-5, rtol=0)
    assert embedding.out_features == 6


def test_waves_do_not_depend_on_the_unit_of_a_column():
    plain, other = made(), made()
    units = 1000.0 * X + torch.tensor([273.0, -40.0])
    plain.load_state_dict(plain.state_dict() | PeriodicEmbedding.standardization(X))
    other.load_state_dict(other.state_dict() | PeriodicEmbedding.standardization(units))
    waves = other(units)[:, 2:]
    assert_close(waves, plain(X)[:, 2:], atol=1e-4, rtol=0)
    assert not torch.allclose(waves, made()(units)[:, 2:], atol=0.1)


def test_standardization_is_mean_and_standard_deviation():
    rows = np.random.default_rng(0).normal(3, 2, (50, 3)).astype(np.float32)
    rows[:, 1] = 7.3  # constant
    learned = PeriodicEmbedding.standardization(torch.from_numpy(rows))
    assert_close(learned["center"], torch.from_numpy(rows.mean(0)))
    expected = torch.from_numpy(rows.std(0))
    expected[1] = 1.0
    assert_close(learned["scale"], expected)


def test_gradients_are_right():
    embedding = made().double()
    names = dict(embedding.named_parameters())

    def embed(x, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(embedding, given, (x,))

    x = X.double().requires_grad_()
    assert torch.autograd.gradcheck(embed, (x, *names.values()))


def test_no_rows_give_no_rows():
    assert made()(X[:0]).shape == (0, 10)


def test_waves_come_from_the_generator_alone():
    first, same, other = made(seed=0), made(seed=0), made(seed=1)
    assert torch.equal(first.frequency, same.frequency)
    assert torch.equal(first.phase, same.phase)
    assert not torch.equal(first.phase, other.phase)


def test_sparse_rows_are_refused():
    edges = Edges.from_csr([0, 1], [0], n_senders=2)
    with pytest.raises(TypeError, match=r"must be dense.* SparseMatrix\. Make x"):
        made()(SparseMatrix(edges, torch.ones(1)))
