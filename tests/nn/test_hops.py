import pytest
import torch
from torch.testing import assert_close

from skattn.nn import GraphAttention
from skattn.nn._hops import HopAttention
from skattn.ops import EdgeData, Edges, GraphStructure

# a path 0-1-2, all attend to themselves too; within two hops it is complete
NEAR = Edges.from_csr([0, 2, 5, 7], [0, 1, 0, 1, 2, 1, 2], n_senders=3)
FAR = Edges.from_csr([0, 3, 6, 9], [0, 1, 2] * 3, n_senders=3)
DATA = EdgeData(torch.arange(7.0), torch.arange(7.0)[:, None])
ALONG_EDGES = GraphStructure(NEAR, DATA)
STRUCTURE = GraphStructure(NEAR, DATA, hops={2: FAR})
X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])


def made(*hops, **options):
    groups = {
        k: GraphAttention(2, 3, n_heads=2, n_edge_features=int(k == 1), **options)
        for k in hops
    }
    attention = HopAttention(groups)
    attention.reset_parameters(torch.Generator().manual_seed(0))
    return attention


def test_every_group_attends_to_its_own_neighbourhood():
    attention = made(2, 1)
    far, near = attention.groups
    expected = torch.cat([far(X, FAR), near(X, ALONG_EDGES)], 1)
    assert_close(attention(X, STRUCTURE), expected)


def test_weights_are_those_along_the_edges():
    attention = made(2, 1)
    expected = attention.groups[1].attention_weights(X, ALONG_EDGES)
    out, weights = attention.forward_with_weights(X, STRUCTURE)
    assert torch.equal(weights, expected)
    assert torch.equal(out, attention(X, STRUCTURE))
    assert made(2).forward_with_weights(X, STRUCTURE)[1].shape == (7, 0)


def test_missing_neighbourhoods_are_an_error():
    with pytest.raises(
        ValueError, match=r"must contain 3, the neighbourhood within 3.*got \[2\]"
    ):
        made(1, 3)(X, STRUCTURE)


def test_dropout_comes_from_the_generator_alone():
    attention = made(1, 2, dropout=0.5).train()
    state = torch.get_rng_state()

    def run(seed):
        return attention(X, STRUCTURE, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)
