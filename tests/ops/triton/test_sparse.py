import pytest
import torch

from skattn.ops import Edges, SparseMatrix, sparse_matmul, use_backend
from skattn.ops._triton import _plan


def _matrix(dtype, values):
    degrees = torch.tensor([3, 0, 30, 1])
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), degrees.cumsum(0)])
    columns = torch.arange(34) * 5 % 7
    columns[::3] = 2
    values = values.to(dtype).requires_grad_()
    return SparseMatrix(Edges.from_csr(indptr, columns, n_senders=7), values)


@pytest.mark.parametrize("width", [5, 300])
@pytest.mark.parametrize("p", [0.0, 0.4])
@pytest.mark.parametrize("piece", [8, 256])
def test_product_and_gradients(width, p, piece, monkeypatch, relative_error):
    monkeypatch.setattr(_plan, "_PIECE", piece)
    rng = torch.Generator().manual_seed(0)
    values, dense = torch.randn(34, generator=rng), torch.randn(7, width, generator=rng)
    dout, results = torch.randn(4, width, generator=rng), []
    for backend, dtype in (("triton", torch.float32), ("reference", torch.float64)):
        matrix, weight = _matrix(dtype, values), dense.to(dtype).requires_grad_()
        with use_backend(backend):
            out = sparse_matmul(matrix, weight, dropout=p, seed=99)
        leaves = matrix.values, weight
        results.append((out, *torch.autograd.grad(out, leaves, dout.to(dtype))))
    for found, expected in zip(*results, strict=True):
        assert relative_error(found.detach(), expected.detach()) < 1e-6
