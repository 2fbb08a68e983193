import pytest
import torch
from torch.testing import assert_close

from skattn.ops import Edges, SparseMatrix, pair_matmul, relation_pairs
from skattn.ops._pairs import RelationPairs

# 0 attends to 1 by types 2 and 0, 1 to 0 and 1 by type 0, 2 to 1 by type 0
EDGES = Edges.from_csr([0, 2, 4, 5], [1, 1, 0, 1, 1], n_senders=3)
TYPES = torch.tensor([2, 0, 0, 0, 0])


@pytest.mark.parametrize("n_types", [3, 1000])  # by a table, and by sorting
def test_pairs_are_distinct_and_sorted_by_type(n_types):
    edges = Edges(EDGES.indptr, EDGES.senders, EDGES.n_senders)
    pairs = relation_pairs(edges, TYPES, n_types)
    assert pairs.senders.tolist() == [0, 1, 1]
    assert pairs.types.tolist() == [0, 0, 2]
    assert pairs.edges.senders.tolist() == [2, 1, 0, 1, 1]
    assert pairs.edges.n_senders == 3
    assert pairs.edges.senders.dtype == torch.int32
    assert pairs.starts[:4] == (0, 2, 2, 3)
    assert len(pairs.starts) == n_types + 1


def test_pairs_are_found_once_for_the_same_types():
    first = relation_pairs(EDGES, TYPES, 3)
    assert relation_pairs(EDGES, TYPES, 3) is first
    other = relation_pairs(EDGES, torch.zeros_like(TYPES), 3)
    assert other.senders.tolist() == [0, 1]
    assert relation_pairs(EDGES, TYPES, 3).senders.tolist() == [0, 1, 1]


@pytest.mark.parametrize("types", [[0, 0, 3, 0, 0], [0, -1, 0, 0, 0]])
def test_types_out_of_range_are_refused(types):
    edges = Edges(EDGES.indptr, EDGES.senders, EDGES.n_senders)
    with pytest.raises(ValueError, match=r"types must lie in 0 \.\. 2, got"):
        relation_pairs(edges, torch.tensor(types), 3)


def test_no_edges_have_no_pairs():
    edges = Edges.from_csr([0, 0], [], n_senders=1)
    pairs = relation_pairs(edges, torch.empty(0, dtype=torch.int32), 2)
    assert (pairs.senders.tolist(), pairs.starts) == ([], (0, 0, 0))
    assert pair_matmul(torch.ones(1, 2), pairs, torch.ones(2, 2, 4)).shape == (0, 4)


def test_on_the_meta_device_there_are_as_many_as_there_could_be():
    edges = EDGES.to("meta")
    pairs = relation_pairs(edges, TYPES.to("meta"), 3)
    assert pairs.senders.shape == (5,)
    weight = torch.empty(3, 2, 4, device="meta")
    out = pair_matmul(torch.empty(3, 2, device="meta"), pairs, weight)
    assert out.shape == (5, 4)


def test_every_pair_is_multiplied_by_the_matrix_of_its_type():
    pairs = relation_pairs(EDGES, TYPES, 3)
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
    weight = torch.arange(6.0).reshape(3, 2, 1)
    assert pair_matmul(x, pairs, weight).tolist() == [[0], [1], [5]]
    entries = Edges.from_csr([0, 1, 2, 4], [0, 1, 0, 1], n_senders=2)
    sparse = SparseMatrix(entries, torch.tensor([1.0, 1, 5, 5]))
    assert pair_matmul(sparse, pairs, weight).tolist() == [[0], [1], [5]]


def test_gradients_are_those_of_differences():
    pairs = relation_pairs(EDGES, TYPES, 3)
    generator = torch.Generator().manual_seed(0)
    x, weight = (
        torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in ((3, 2), (3, 2, 4))
    )
    assert torch.autograd.gradcheck(lambda x, w: pair_matmul(x, pairs, w), (x, weight))
    out = pair_matmul(x, pairs, weight)
    assert_close(out[2], x[1] @ weight[2])


def test_ranges_of_types_follow_each_other():
    pairs = RelationPairs(EDGES, torch.tensor([0]), (0, 0, 1))
    assert pairs.ranges == [(0, 0), (0, 1)]
