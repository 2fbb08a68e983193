import numpy as np
import pytest
import torch

from skattn._batch._row_ranges import RowRanges
from skattn._batch._rows import cut_edges, cut_features, cut_rows
from skattn.ops import Edges, SparseMatrix

# graphs of the nodes 0 and 1, of 2, and of 3 to 5
SENDERS = [[0, 1], [0], [], [4, 5], [3], [4]]
EDGES = Edges.from_csr(
    [0, 2, 3, 3, 5, 6, 7], [j for row in SENDERS for j in row], n_senders=6
)
LAST_AND_FIRST = RowRanges.between(np.array([3, 0]), np.array([6, 2]))


def test_ranges_are_offsets_in_their_concatenation():
    assert LAST_AND_FIRST.ptr.tolist() == [0, 3, 5]
    assert LAST_AND_FIRST.high.tolist() == [6, 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize("width", [None, 1, 3])
def test_rows_are_cut_and_concatenated(dtype, width):
    shape = (6,) if width is None else (6, width)
    table = torch.arange(6 * (width or 1)).reshape(shape).to(dtype)
    cut = cut_rows(table, LAST_AND_FIRST)
    assert cut.dtype == dtype
    assert torch.equal(cut, table[[3, 4, 5, 0, 1]])


def test_edges_move_with_their_nodes(senders_of):
    cut, entries = cut_edges(EDGES, LAST_AND_FIRST)
    assert senders_of(cut) == [[1, 2], [0], [1], [3, 4], [3]]
    assert cut.n_senders == 5
    assert (entries.low.tolist(), entries.ptr.tolist()) == ([3, 0], [0, 4, 7])
    numbers = torch.arange(7.0)
    assert cut_rows(numbers, entries).tolist() == [3, 4, 5, 6, 0, 1, 2]


def test_a_range_may_be_cut_twice_or_be_empty(senders_of):
    nodes = RowRanges.between(np.array([2, 1, 4, 4]), np.array([3, 1, 5, 5]))
    cut, _ = cut_edges(EDGES, nodes, columns_move=False)
    assert senders_of(cut) == [[], [3], [3]]
    assert cut.n_senders == 6


def test_no_range_has_no_rows():
    nothing = RowRanges.between(np.arange(0), np.arange(0))
    cut, _ = cut_edges(EDGES, nothing)
    assert (cut.n_receivers, cut.n_edges, cut.n_senders) == (0, 0, 0)
    assert cut_rows(torch.ones(6, 2), nothing).shape == (0, 2)


def test_sparse_features_are_cut_as_dense_ones():
    x = torch.tensor([[1.0, 0], [0, 2], [0, 0], [3, 4], [0, 0], [5, 0]])
    indptr = [0, *(x != 0).sum(1).cumsum(0).tolist()]
    columns = Edges.from_csr(indptr, x.nonzero()[:, 1], n_senders=2)
    cut = cut_features(SparseMatrix(columns, x[x != 0]), LAST_AND_FIRST)
    dense = cut_features(x, LAST_AND_FIRST)
    assert cut.edges.n_senders == 2
    assert cut.values.tolist() == dense[dense != 0].tolist()
    assert cut.edges.senders.tolist() == dense.nonzero()[:, 1].tolist()
    assert cut.edges.indptr.tolist() == [0, *(dense != 0).sum(1).cumsum(0).tolist()]
