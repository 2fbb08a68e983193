from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.functional import elu, gelu, relu, silu
from torch.testing import assert_close

from skattn.nn import AttentionBlock, BlockSpec
from skattn.nn._block_spec import without_attention
from skattn.nn._norm import make_norm
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

EDGES = Edges.from_csr([0, 2, 4, 6], [0, 1, 1, 2, 2, 0], n_senders=3)
PLAIN = {"n_heads": 2, "residual": False, "norm": None}


@pytest.fixture(scope="session")
def rows(rows):
    return partial(rows, dtype=torch.float32)


def made(in_features=4, out_features=6, seed=0, input_dropout=None, **options):
    spec = BlockSpec(**{"n_heads": 2} | options)
    return reset(spec, in_features, out_features, seed, input_dropout)


def reset(spec, in_features=4, out_features=6, seed=0, input_dropout=None):
    block = AttentionBlock(in_features, out_features, spec, input_dropout=input_dropout)
    block.reset_parameters(torch.Generator().manual_seed(seed))
    return block


@pytest.mark.parametrize(
    ("activation", "function"),
    [("elu", elu), ("gelu", gelu), ("relu", relu), ("silu", silu)],
)
def test_bare_block_is_attention_and_activation(rows, activation, function):
    block = made(**PLAIN, activation=activation)
    x = rows(3, 4)
    assert_close(block(x, EDGES), function(block.attention(x, EDGES)))


def test_residual_is_a_gated_linear_map_of_the_input(rows):
    block = made(**PLAIN | {"residual": True}, activation="relu")
    x = rows(3, 4)
    with torch.no_grad():
        block.skip.gate.copy_(torch.arange(len(block.skip.gate)))
    residual = (x @ block.skip.weight) * block.skip.gate
    expected = relu(block.attention(x, EDGES) + residual)
    assert_close(block(x, EDGES), expected)


@pytest.mark.parametrize("residual", [True, False])
def test_a_block_without_attention_is_a_linear_map_per_node(rows, residual):
    options = {"residual": residual, "convolution": "gcn", "global_attention": True}
    spec = BlockSpec(**PLAIN | options, activation="relu")
    block = reset(without_attention(spec)).eval()
    linear = block.attention.map
    with torch.no_grad():
        linear.bias.copy_(torch.arange(6))
    x = rows(3, 4)
    expected = relu(x @ linear.weight + torch.arange(6))
    assert_close(block(x, EDGES), expected)
    assert_close(block(x, Edges.from_csr([0, 1, 2], [2, 2], n_senders=3)), expected[:2])
    some = slice(1, 3)
    part = GraphStructure(EDGES).part(1, 3)
    assert_close(
        block.receive(x, some, block.send(x, None), part, None), expected[some]
    )
    assert [name for name, _ in block.named_parameters()] == [
        "attention.map.weight",
        "attention.map.bias",
    ]


@pytest.mark.parametrize("start", [1.0, 0.1])
def test_gates_of_the_residual_start_at_residual_start(start):
    block = made(**PLAIN | {"residual": True, "residual_start": start})
    assert block.skip.gate.tolist() == pytest.approx([start] * len(block.skip.gate))


def test_layer_norm_standardises_every_row_of_the_sum(rows):
    block = made(norm="layer", activation="relu")
    x = rows(3, 4)
    total = block.attention(x, EDGES) + block.skip(x)
    centred = total - total.mean(1, keepdim=True)
    variance = centred.square().mean(1, keepdim=True)
    assert_close(block(x, EDGES), relu(centred / (variance + 1e-5).sqrt()))


def test_batch_norm_standardises_every_column_in_training(rows):
    block = made(norm="batch", activation="relu").train()
    x = rows(3, 4)
    total = block.attention(x, EDGES) + block.skip(x)
    centred = total - total.mean(0)
    variance = centred.square().mean(0)
    assert_close(block(x, EDGES), relu(centred / (variance + 1e-5).sqrt()))
    alone = block.eval()(x, EDGES)  # by the running means, 0.1 of the way from 0 and 1
    running = variance * 3 / 2 * 0.1 + 0.9
    expected = relu((total - 0.1 * total.mean(0)) / (running + 1e-5).sqrt())
    assert_close(alone, expected)


@pytest.mark.parametrize("norm", ["layer", None])
def test_feed_forward_adds_two_maps_behind_a_norm(rows, norm):
    block = made(norm=norm, feed_forward=3, activation="gelu")
    x = rows(3, 4)
    part = block.feed_forward
    assert part.expand.weight.shape == (6, 18)
    total = block.attention(x, EDGES) + block.skip(x)
    h = gelu(block.norm(total))
    inner = gelu(part.norm(h) @ part.expand.weight + part.expand.bias)
    expected = h + inner @ part.contract.weight + part.contract.bias
    assert_close(block(x, EDGES), expected)


def test_attention_gets_edge_weights_and_edge_features(rows):
    block = made(**PLAIN, n_edge_features=2)
    data = EdgeData(torch.tensor([1.0, 2, 3, 4, 5, 6]).log(), rows(6, 2))
    x, structure = rows(3, 4), GraphStructure(EDGES, data)
    (attention,) = block.attention.groups
    assert_close(block(x, structure), elu(attention(x, structure)))
    assert not torch.allclose(
        block(x, structure),
        block(x, GraphStructure(EDGES, replace(data, log_weight=None))),
    )


def test_spec_decides_the_score():
    assert made(score="dot").attention.groups[0].score == "dot"


@pytest.mark.parametrize("residual", [True, False])
def test_sparse_input_equals_the_dense_one(residual):
    x = torch.tensor([[1.0, 0, 0, 2], [0, 0, 0, 0], [0, 3, 0, 0]])
    sparse = SparseMatrix(
        Edges.from_csr([0, 2, 2, 3], [0, 3, 1], n_senders=4), torch.tensor([1.0, 2, 3])
    )
    block = made(residual=residual)
    assert_close(block(sparse, EDGES), block(x, EDGES))


def test_input_dropout_acts_in_training_only_and_from_the_generator(rows):
    block = made(dropout=0.5)
    x = rows(3, 4)
    plain = made()(x, EDGES)
    assert_close(block.eval()(x, EDGES), plain)
    block.train()

    def run(seed):
        return block(x, EDGES, generator=torch.Generator().manual_seed(seed))

    state = torch.get_rng_state()
    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)


def test_residual_sees_the_same_dropped_input_as_the_attention():
    block = made(1, 2, dropout=0.5, norm=None, activation="relu").train()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        block.attention.groups[0].value.fill_(1.0)
        block.skip.weight.fill_(10.0)
        block.skip.gate.fill_(1.0)
    alone = Edges.from_csr(torch.arange(101), torch.arange(100), n_senders=100)
    out = block(torch.ones(100, 1), alone)
    assert set(out.unique().tolist()) == {0.0, 22.0}  # (1 + 10) * 1 / (1 - 0.5)


def test_dropout_of_the_input_can_differ_from_the_others():
    assert made(dropout=0.5).dropout == 0.5
    block = made(dropout=0.5, input_dropout=0.0, feed_forward=1)
    assert block.dropout == 0.0
    assert block.feed_forward.dropout == 0.5


def test_attention_dropout_reaches_the_attention():
    block = made(attention_dropout=0.3)
    assert block.attention.groups[0].dropout == 0.3
    assert block.dropout == 0.0


def test_width_must_be_divisible_by_the_heads():
    with pytest.raises(ValueError, match="divisible by n_heads=4, got 6"):
        AttentionBlock(4, 6, BlockSpec(n_heads=4))


@pytest.mark.parametrize(
    ("options", "n_parameters"),
    [
        (PLAIN, 2 * 4 * 6 + 6 + 6),
        (PLAIN | {"residual": True}, 2 * 4 * 6 + 6 + 6 + 4 * 6 + 6),
        (PLAIN | {"norm": "layer"}, 2 * 4 * 6 + 6 + 6 + 2 * 6),
        (PLAIN | {"norm": "batch"}, 2 * 4 * 6 + 6 + 6 + 2 * 6),
        (PLAIN | {"feed_forward": 2}, 2 * 4 * 6 + 6 + 6 + 6 * 12 + 12 + 12 * 6 + 6),
    ],
)
def test_block_has_no_parameter_that_it_does_not_use(rows, options, n_parameters):
    block = made(**options)
    assert sum(p.numel() for p in block.parameters()) == n_parameters
    (block(rows(3, 4), EDGES) * rows(3, 6)).sum().backward()
    assert all(p.grad is not None for p in block.parameters())


def test_reset_parameters_resets_norms(rows):
    block = made(norm="batch", feed_forward=1)
    for _ in range(3):
        block(rows(3, 4) + 5, EDGES)
    nn.init.constant_(block.norm.weight, 7.0)
    block.reset_parameters(torch.Generator().manual_seed(0))
    fresh = made(norm="batch", feed_forward=1).state_dict()
    for name, tensor in block.state_dict().items():
        assert torch.equal(tensor, fresh[name]), name


def test_convolution_and_global_attention_join_the_sum(rows):
    block = made(norm=None, convolution="gcn", global_attention=True)
    x = rows(3, 4)
    expected = (
        block.attention(x, EDGES)
        + block.convolution(x, EDGES)
        + block.global_attention(x, EDGES)
        + block.skip(x)
    )
    assert_close(block(x, EDGES), elu(expected))


def test_gates_are_made_for_a_gated_convolution_alone():
    assert made(convolution="mean").gate is None
    assert made(gated_convolution=True).gate is None
    assert made(convolution="mean", gated_convolution=True).gate is not None


def test_gates_weigh_attention_and_convolution_per_node_and_channel(rows):
    options = {"convolution": "mean", "gated_convolution": True}
    block, x = made(**PLAIN, **options, activation="relu"), rows(3, 4)
    with torch.no_grad():
        block.gate.bias.copy_(torch.arange(6) - 2.0)
    h, m = block.attention(x, EDGES), block.convolution(x, EDGES)
    scores = torch.cat([h, m], 1) @ block.gate.weight + block.gate.bias
    gate = 1 / (1 + torch.exp(-scores))
    assert_close(block(x, EDGES), relu(gate * h + (1 - gate) * m))


def test_weights_come_with_the_output(rows):
    options = {"convolution": "gcn", "gated_convolution": True, "feed_forward": 1}
    block = made(**options, global_attention=True).eval()
    x, structure = rows(3, 4), GraphStructure(EDGES)
    out, weights = block.forward_with_weights(x, structure)
    assert torch.equal(out, block(x, structure))
    (attention,) = block.attention.groups
    assert torch.equal(weights, attention.attention_weights(x, EDGES))


def test_heads_are_divided_among_the_hops():
    block = made(hops=(1, 3), n_edge_features=2)
    near, far = block.attention.groups
    assert block.attention.hops == (1, 3)
    assert (near.n_heads, near.head_dim, near.n_edge_features) == (1, 3, 2)
    assert (far.n_heads, far.head_dim, far.n_edge_features) == (1, 3, 0)


@pytest.mark.parametrize(
    ("hops", "message"),
    [
        ((1, 2, 3), "n_heads must be divisible by the number of hops, 3"),
        ((), "hops must be distinct integers of at least 1"),
        ((0, 1), "hops must be distinct integers of at least 1"),
        ((2, 2), "hops must be distinct integers of at least 1"),
        ((1.0, 2.0), "hops must be distinct integers of at least 1"),
        ((True,), "hops must be distinct integers of at least 1"),
    ],
)
def test_hops_that_do_not_fit_are_an_error(hops, message):
    with pytest.raises(ValueError, match=message):
        made(hops=hops)


def test_batch_norm_of_a_single_row_has_the_running_statistics():
    norm = make_norm("batch", 2).train()
    norm(torch.tensor([[0.0, 4.0], [2.0, 8.0]]))  # running mean 0.1 (1, 6)
    before = norm.running_mean.clone()
    x = torch.tensor([[3.0, 1.0]])
    torch.testing.assert_close(norm(x), norm.eval()(x))
    torch.testing.assert_close(norm.running_mean, before)
    torch.testing.assert_close(before, torch.tensor([0.1, 0.6]))
