import torch
from torch.testing import assert_close

from skattn.nn._rows import add_matmul, drop, matmul, take_rows
from skattn.ops import Edges, SparseMatrix

SPARSE = SparseMatrix(
    Edges.from_csr([0, 1, 1, 3], [1, 0, 1], n_senders=2), torch.tensor([2.0, 3.0, -1.0])
)
DENSE = torch.tensor([[0.0, 2.0], [0.0, 0.0], [3.0, -1.0]])
WEIGHT = torch.tensor([[1.0, 10.0], [2.0, 20.0]])


def test_products_of_dense_and_sparse_rows_are_equal():
    expected = torch.tensor([[4.0, 40.0], [0.0, 0.0], [1.0, 10.0]])
    for x in (DENSE, SPARSE):
        assert_close(matmul(x, WEIGHT), expected)
        assert_close(matmul(x, WEIGHT[:, :1]), expected[:, :1])
        assert_close(add_matmul(torch.ones(3, 2), x, WEIGHT), expected + 1)


def test_a_slice_of_all_rows_is_the_input_itself():
    assert take_rows(DENSE, slice(0, 3)) is DENSE
    assert take_rows(SPARSE, slice(None)) is SPARSE


def test_a_slice_of_sparse_rows_has_their_entries():
    part = take_rows(SPARSE, slice(1, 3))
    assert part.shape == (2, 2)
    assert part.edges.indptr.tolist() == [0, 0, 2]
    assert part.values.tolist() == [3.0, -1.0]
    assert take_rows(DENSE, slice(1, 3)).tolist() == [[0.0, 0.0], [3.0, -1.0]]


def test_dropping_nothing_gives_the_input_itself():
    assert drop(DENSE, 0.0, None) is DENSE
    assert drop(SPARSE, 0.0, None) is SPARSE


def test_dropout_of_sparse_rows_keeps_their_structure():
    ones = SparseMatrix(
        Edges.from_csr(torch.arange(1001), torch.zeros(1000, dtype=torch.int32), 1),
        torch.ones(1000),
    )
    dropped = drop(ones, 0.2, torch.Generator().manual_seed(0))
    assert dropped.edges is ones.edges
    assert set(dropped.values.unique().tolist()) == {0.0, 1.25}
    assert 0.7 < (dropped.values > 0).float().mean() < 0.9
    assert torch.equal(ones.values, torch.ones(1000))
    again = drop(ones, 0.2, torch.Generator().manual_seed(0))
    assert torch.equal(dropped.values, again.values)
