import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from skattn.nn._global_attention import GlobalAttention, _by_size
from skattn.ops import Edges, SparseMatrix


def made(*, dtype=torch.float64, seed=0):
    attention = GlobalAttention(3, 4, n_heads=2).to(dtype)
    attention.reset_parameters(torch.Generator().manual_seed(seed))
    return attention


def plain(attention, x):
    """One graph by the formula, head by head."""
    query, key, value = (x @ attention.weight).split(4, 1)
    outs = []
    for head in (slice(0, 2), slice(2, 4)):
        scores = query[:, head] @ key[:, head].T / math.sqrt(2)
        outs.append(scores.softmax(1) @ value[:, head])
    return torch.cat(outs, 1)


@pytest.mark.parametrize("sizes", [[5], [2, 0, 1, 3, 4, 1, 9], [3, 3], [1]])
def test_every_node_attends_to_all_nodes_of_its_graph(graphs_of, rows, sizes):
    attention, x = made(), rows(sum(sizes))
    expected = torch.cat([plain(attention, part) for part in x.split(sizes)])
    assert_close(attention(x, graphs_of(sizes)), expected)


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_other_graphs_beside_do_not_matter(graphs_of, rows, sizes):
    attention, x = made(), rows(sum(sizes))
    alone = [
        attention(part, graphs_of([len(part)])) if len(part) else part.new_empty(0, 4)
        for part in x.split(sizes)
    ]
    assert_close(attention(x, graphs_of(sizes)), torch.cat(alone))


def test_no_graph_is_padded_to_twice_its_size():
    sizes = [500, 1, 2, 3, 4, 5, 8, 9, 0, 260]
    node_ptr = torch.tensor([0, *sizes]).cumsum(0)
    seen = []
    for nodes, mask in _by_size(node_ptr):
        assert nodes.shape[1] < 2 * mask.sum(1).min()
        seen.append(nodes[mask])
    assert torch.equal(torch.cat(seen).sort()[0], torch.arange(sum(sizes)))


def test_gradients_are_right(graphs_of, rows):
    attention, structure = made(), graphs_of([2, 3, 4, 1])
    x, weight = rows(10).requires_grad_(), attention.weight

    def attend(x, weight):
        return torch.func.functional_call(attention, {"weight": weight}, (x, structure))

    assert torch.autograd.gradcheck(attend, (x, weight))


def test_sparse_features_equal_dense_ones(graphs_of):
    attention = made(dtype=torch.float32)
    entries = Edges.from_csr([0, 1, 3, 3], [1, 0, 2], n_senders=3)
    x = torch.tensor([[0.0, 1, 0], [2, 0, 3], [0, 0, 0]])
    sparse = SparseMatrix(entries, torch.tensor([1.0, 2, 3]))
    structure = graphs_of([2, 1])
    assert_close(attention(sparse, structure), attention(x, structure))


def test_bare_edges_are_one_graph(graphs_of, rows):
    attention, x = made(), rows(4)
    assert_close(attention(x, graphs_of([4]).edges), plain(attention, x))


def test_width_must_be_divisible_by_the_heads():
    with pytest.raises(ValueError, match="divisible by n_heads=4, got 6"):
        GlobalAttention(3, 6, n_heads=4)
