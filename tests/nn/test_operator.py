import pytest
import torch
from torch.testing import assert_close

from skattn.nn import (
    AttentionBlock,
    BlockSpec,
    GlobalAttention,
    GraphAttention,
    GraphConvolution,
    HopAttention,
    NodeOperator,
)
from skattn.nn._convolution import with_degree
from skattn.nn._node_linear import NodeLinear
from skattn.nn._output_attention import OutputAttention
from skattn.ops import Edges, GraphStructure

# 0 attends to 0 and 1; 1 to all; 2 to itself; 3 to none; 4 to 0
EDGES = Edges.from_csr([0, 2, 6, 7, 7, 8], [0, 1, 0, 1, 2, 3, 2, 0], n_senders=5)
X = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))

OPERATORS = {
    "attention": lambda: GraphAttention(4, 3, n_heads=2),
    "attention over hops": lambda: HopAttention({1: GraphAttention(4, 3, n_heads=2)}),
    "row-wise linear": lambda: NodeLinear(4, 6),
    "convolution": lambda: GraphConvolution(4, 6, "mean"),
    "block": lambda: AttentionBlock(4, 6, BlockSpec(n_heads=2, convolution="mean")),
    "attending output": lambda: OutputAttention(
        4, 6, BlockSpec(), n_heads=2, dropout=0.5
    ),
}


class SenderSum(NodeOperator[torch.Tensor]):
    """User-defined operator: sum of half of the features of the senders."""

    def send(self, x, _generator, /):
        return x / 2

    def receive(self, _x, _receivers, sent, structure, _generator, /):
        gathered = sent[structure.edges.senders]
        return torch.segment_reduce(gathered, "sum", offsets=structure.edges.indptr)


def made(name):
    operator = OPERATORS[name]()
    operator.reset_parameters(torch.Generator().manual_seed(0))
    return operator.eval()


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("low", [0, 1, 3])
def test_a_range_of_receivers_equals_the_same_rows_among_all(name, low):
    operator, receivers = made(name), slice(low, 5)
    part = with_degree(GraphStructure(EDGES)).part(low, 5)
    with torch.no_grad():
        sent = operator.send(X, None)
        out = operator.receive(X, receivers, sent, part, None)
        assert_close(out, operator(X, EDGES)[receivers])


@pytest.mark.parametrize("name", OPERATORS)
def test_the_first_nodes_may_be_the_receivers(name):
    operator = made(name)
    assert_close(operator(X, EDGES.part(0, 2)), operator(X, EDGES)[:2])


@pytest.mark.parametrize(
    ("name", "n_heads"),
    [
        ("attention", 2),
        ("attention over hops", 2),
        ("block", 2),
        ("row-wise linear", None),
        ("convolution", None),
    ],
)
def test_weights_come_with_the_output_where_there_are_some(name, n_heads):
    operator = made(name)
    out, weights = operator.forward_with_weights(X, GraphStructure(EDGES))
    assert torch.equal(out, operator(X, EDGES))
    if n_heads is None:
        assert weights is None
    else:
        assert weights.shape == (8, n_heads)


def test_an_operator_is_defined_by_send_and_receive():
    x = torch.tensor([[2.0], [4.0], [6.0], [8.0], [10.0]])
    out = SenderSum()(x, EDGES)
    assert_close(out, torch.tensor([[3.0], [10.0], [3.0], [0.0], [1.0]]))


def test_full_attention_needs_all_nodes_as_receivers():
    with pytest.raises(ValueError, match="all nodes of a graph at once, got a part"):
        GlobalAttention(4, 6)(X, EDGES.part(0, 2))
