import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.testing import assert_close

from skattn.nn import BlockSpec, GraphEncoder
from skattn.ops import EdgeData, Edges, GraphStructure

EDGES = Edges.from_csr([0, 2, 4, 6], [0, 1, 1, 2, 2, 0], n_senders=3)
X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])


def made(widths, input_dropout=None, jumping=None, n_feature_layers=0, **options):
    spec = BlockSpec(**{"n_heads": 2} | options)
    encoder = GraphEncoder(
        2,
        widths,
        spec,
        input_dropout=input_dropout,
        jumping=jumping,
        n_feature_layers=n_feature_layers,
    )
    encoder.reset_parameters(torch.Generator().manual_seed(0))
    return encoder


def test_blocks_are_applied_in_order():
    encoder = made([4, 8, 6])
    assert encoder.out_features == 6
    x = X
    for block in encoder.blocks:
        x = block(x, EDGES)
    assert x.shape == (3, 6)
    assert torch.equal(encoder(X, EDGES), x)


def test_every_block_sees_weights_and_edge_features():
    encoder = made([4, 4], n_edge_features=1)
    structure = GraphStructure(
        EDGES,
        EdgeData(
            log_weight=torch.tensor([1.0, 2, 3, 4, 5, 6]).log(),
            features=torch.tensor([[1.0], [0], [2], [0], [3], [0]]),
        ),
    )
    first, second = encoder.blocks
    expected = second(first(X, structure), structure)
    assert torch.equal(encoder(X, structure), expected)


def test_encoder_without_blocks_gives_the_input_itself():
    encoder = made([])
    assert encoder.out_features == 2
    assert encoder(X, EDGES) is X


def test_only_the_first_block_has_the_input_dropout():
    encoder = made([4, 4, 4], input_dropout=0.6, dropout=0.2)
    assert [block.dropout for block in encoder.blocks] == [0.6, 0.2, 0.2]


def test_weights_of_all_layers_come_with_the_encoding():
    encoder = made([4, 8], n_edge_features=1).eval()
    features = torch.tensor([[1.0], [0], [2], [0], [3], [0]])
    structure = GraphStructure(EDGES, EdgeData(features=features))
    weights, x = encoder.attention_weights(X, structure)
    assert [w.shape for w in weights] == [(6, 2), (6, 2)]
    assert torch.equal(x, encoder(X, structure))
    first, second = encoder.blocks
    inner = first(X, structure)
    (attention,) = second.attention.groups
    expected = attention.attention_weights(inner, structure)
    assert_close(weights[1], expected)


class CountProducts(TorchFunctionMode):
    """Counts the products of matrices."""

    n = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.n += func in (torch.mm, torch.addmm)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("score", ["gat", "gatv2", "dot"])
def test_weights_and_encoding_share_the_projections(score):
    encoder = made([4, 8], score=score).eval()
    with CountProducts() as alone:
        encoder(X, EDGES)
    with CountProducts() as both:
        encoder.attention_weights(X, EDGES)
    assert both.n == alone.n >= 4


def test_feature_layers_have_no_message_passing():
    encoder = made([4, 4, 8], n_feature_layers=2).eval()
    *first, last = encoder.blocks
    h = X
    for block in first:
        h = block.activation(block.norm(block.attention.map(h)))
    expected = last(h, EDGES)
    assert_close(encoder(X, EDGES), expected)
    assert_close(encoder.forward_in_chunks(X, EDGES, max_edges=2), expected)
    (weights,), x = encoder.attention_weights(X, EDGES)
    assert torch.equal(x, encoder(X, EDGES))
    assert_close(weights, last.attention.groups[0].attention_weights(h, EDGES))


@pytest.mark.parametrize("norm", ["layer", "batch", None])
def test_numbering_of_the_nodes_does_not_matter(norm):
    encoder = made([4, 4], norm=norm)
    order = torch.tensor([2, 0, 1])
    # node k of the renumbered graph was node order[k]: 2 -> (2, 0), 0 -> (0, 1), ...
    renumbered = Edges.from_csr([0, 2, 4, 6], [0, 1, 1, 2, 2, 0], n_senders=3)
    assert_close(encoder(X[order], renumbered), encoder(X, EDGES)[order])


@pytest.mark.parametrize("jumping", ["concat", "attention"])
def test_jumping_combines_the_outputs_of_all_blocks(jumping):
    encoder = made([4, 4], jumping=jumping)
    first, second = encoder.blocks
    h = first(X, EDGES)
    expected = encoder.jumping([h, second(h, EDGES)])
    assert torch.equal(encoder(X, EDGES), expected)
    assert torch.equal(encoder.attention_weights(X, EDGES)[1], expected)


def test_jumping_over_no_blocks_gives_the_input_itself():
    assert made([], jumping="concat")(X, EDGES) is X
