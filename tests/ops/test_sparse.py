import pytest
import torch

from skattn.ops import Edges, SparseMatrix, dropout, sparse_matmul, use_backend

BACKENDS = pytest.mark.parametrize("backend", ["reference", "cpu"])


@pytest.fixture
def matrix():
    """[[0, 2, 0], [0, 0, 0], [1, 0, 3], [0, 4, 5]]"""
    edges = Edges.from_csr([0, 1, 1, 3, 5], [1, 0, 2, 1, 2], n_senders=3)
    return SparseMatrix(edges, torch.tensor([2.0, 1.0, 3.0, 4.0, 5.0]))


@BACKENDS
def test_product_is_that_of_the_written_out_matrix(backend, matrix):
    with use_backend(backend):
        out = sparse_matmul(matrix, torch.tensor([[1.0], [10.0], [100.0]]))
    assert out.tolist() == [[20.0], [0.0], [301.0], [540.0]]


@BACKENDS
def test_gradient_of_the_weight_is_the_transposed_product(backend, matrix):
    weight = torch.zeros(3, 1, requires_grad=True)
    with use_backend(backend):
        out = sparse_matmul(matrix, weight)
    out.backward(torch.tensor([[1.0], [10.0], [100.0], [1000.0]]))
    assert weight.grad.tolist() == [[100.0], [4002.0], [5300.0]]


@BACKENDS
def test_dropout_keeps_what_dropout_of_the_values_keeps(backend, matrix):
    weight = torch.eye(3, requires_grad=True)
    kept = SparseMatrix(matrix.edges, dropout(matrix.values, 0.5, seed=6))
    with use_backend(backend):
        out = sparse_matmul(matrix, weight, dropout=0.5, seed=6)
        expected = sparse_matmul(kept, torch.eye(3))
    assert 0 < expected.count_nonzero() < 5
    torch.testing.assert_close(out.detach(), expected)
    out.sum().backward()
    torch.testing.assert_close(weight.grad, expected.sum(0)[:, None].expand(3, 3))


@pytest.mark.parametrize("n_columns", [1, 7, 16])
def test_kernels_equal_the_reference_on_a_larger_matrix(n_columns):
    rng = torch.Generator().manual_seed(0)
    per_row = torch.randint(0, 12, (900,), generator=rng)
    per_row[5] = 3000  # a long row, and column 0 is long too
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), per_row.cumsum(0)])
    n_edges = int(indptr[-1])
    columns = torch.randint(400, (n_edges,), generator=rng)
    columns[torch.rand(n_edges, generator=rng) < 0.3] = 0
    edges = Edges.from_csr(indptr, columns, n_senders=400)
    values = torch.randn(n_edges, generator=rng)
    weight = torch.randn(400, n_columns, generator=rng)
    outcomes = []
    for backend, dtype in (("reference", torch.float64), ("cpu", torch.float32)):
        v, w = (x.to(dtype).requires_grad_() for x in (values, weight))
        with use_backend(backend):
            out = sparse_matmul(SparseMatrix(edges, v), w, dropout=0.2, seed=1)
        out.square().sum().backward()
        outcomes.append((out.detach(), v.grad, w.grad))
    for exact, found in zip(*outcomes, strict=True):
        assert (found - exact).norm() <= 1e-6 * exact.norm()


def test_matrix_has_a_shape_and_a_device(matrix):
    assert (matrix.shape, len(matrix)) == ((4, 3), 4)
    assert matrix.to("cpu") is matrix
    assert matrix.to("meta").values.device.type == "meta"


@pytest.mark.parametrize("shape", [(4, 2), (3,)])
def test_weight_of_another_shape_is_refused(shape, matrix):
    with pytest.raises(ValueError, match=r"one row per column of the matrix \(3\)"):
        sparse_matmul(matrix, torch.zeros(shape))


@BACKENDS
def test_gradient_of_a_value_is_the_product_of_its_row_and_column(backend, matrix):
    values = matrix.values.clone().requires_grad_()
    weight = torch.tensor([[1.0], [10.0], [100.0]])
    with use_backend(backend):
        out = sparse_matmul(SparseMatrix(matrix.edges, values), weight)
    out.backward(torch.tensor([[1.0], [2.0], [3.0], [4.0]]))
    assert values.grad.tolist() == [10.0, 3.0, 300.0, 40.0, 400.0]
    assert weight.grad is None


@BACKENDS
def test_dropped_values_have_no_gradient(backend, matrix):
    values = matrix.values.clone().requires_grad_()
    kept = dropout(torch.ones(5), 0.5, seed=6)
    with use_backend(backend):
        out = sparse_matmul(
            SparseMatrix(matrix.edges, values), torch.ones(3, 2), dropout=0.5, seed=6
        )
    out.sum().backward()
    assert values.grad.tolist() == (2 * kept).tolist()


def test_reference_has_the_right_gradient_of_values_and_weight(matrix):
    values = matrix.values.double().requires_grad_()
    weight = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda v, w: sparse_matmul(
            SparseMatrix(matrix.edges, v), w, dropout=0.5, seed=2
        ),
        (values, weight),
    )
