"""Linear map per node, in place of attention."""

import torch
from torch.testing import assert_close

from skattn.nn._node_linear import NodeLinear
from skattn.ops import Edges, GraphStructure


def made(seed=0):
    module = NodeLinear(4, 3)
    module.reset_parameters(torch.Generator().manual_seed(seed))
    return module


def test_receivers_are_mapped_by_their_own_rows():
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    edges = Edges.from_csr([0, 2, 3], [4, 3, 0], n_senders=5)
    module = made()
    expected = x[:2] @ module.map.weight + module.map.bias
    assert_close(module(x, edges), expected)
    some = module.receive(x, slice(1, 2), None, GraphStructure(edges), None)
    assert_close(some, expected[1:])
    out, weights = module.forward_with_weights(x, GraphStructure(edges))
    assert_close(out, expected)
    assert weights is None


def test_weights_are_those_of_the_generator():
    assert torch.equal(made(3).map.weight, made(3).map.weight)
    assert not torch.equal(made(3).map.weight, made(4).map.weight)
