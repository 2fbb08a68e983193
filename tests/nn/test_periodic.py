import math

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
