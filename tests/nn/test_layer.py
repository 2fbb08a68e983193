import math
from functools import partial

import pytest
import torch
from torch.nn.functional import elu, leaky_relu
from torch.testing import assert_close

from skattn.nn import GraphAttention, GraphAttentionLayer
from skattn.ops import Edges

# Not symmetric; node 2 attends only to itself.
ADJACENCY = torch.tensor(
    [[1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 1.0, 0.0], [1.0, 1, 1, 0]]
)


def made(in_features=3, out_features=2, seed=0, **options):
    layer = GraphAttentionLayer(
        in_features, out_features, **{"dropout": 0.0, "alpha": 0.2} | options
    )
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=generator)
    return layer


@pytest.fixture(scope="session")
def rows(rows):
    return partial(rows, dtype=torch.float32)


def equations_1_to_4(layer, h, adjacency):
    n = len(h)
    e = torch.full((n, n), -math.inf)
    for i in range(n):
        for j in range(n):
            if adjacency[i, j] > 0:
                pair = torch.cat([h[i] @ layer.W, h[j] @ layer.W])
                e[i, j] = leaky_relu(layer.a[:, 0] @ pair, layer.alpha)  # 1 and 3
    out = torch.zeros(n, layer.out_features)
    for i in range(n):
        if (adjacency[i] > 0).any():
            weights = e[i].softmax(0)  # 2
            out[i] = sum(weights[j] * (h[j] @ layer.W) for j in range(n))  # 4
    return elu(out) if layer.concat else out


@pytest.mark.parametrize("concat", [True, False])
@pytest.mark.parametrize("alpha", [0.2, 0.01])
def test_layer_equals_equations_1_to_4_of_the_paper(rows, concat, alpha):
    layer = made(concat=concat, alpha=alpha)
    h = rows(4)
    expected = equations_1_to_4(layer, h, ADJACENCY)
    assert_close(layer(h, ADJACENCY), expected, rtol=1e-6, atol=1e-6)


def test_layer_has_the_gradients_of_the_equations(rows):
    layer = made()
    h, weight = rows(4), rows(4, 2, seed=2)
    (layer(h, ADJACENCY) * weight).sum().backward()
    ours = [layer.W.grad.clone(), layer.a.grad.clone()]
    layer.zero_grad()
    (equations_1_to_4(layer, h, ADJACENCY) * weight).sum().backward()
    assert_close(ours, [layer.W.grad, layer.a.grad], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("concat", [True, False])
def test_four_nodes_by_hand(concat):
    # W = 1, a = (1, 2): e_ij = LeakyReLU_0.5(h_i + 2 h_j), h = (0, ln 2, -ln 2, 1)
    layer = GraphAttentionLayer(1, 1, dropout=0.0, alpha=0.5, concat=concat)
    with torch.no_grad():
        layer.W.fill_(1.0)
        layer.a.copy_(torch.tensor([[1.0], [2.0]]))
    ln2 = math.log(2)
    h = torch.tensor([[0.0], [ln2], [-ln2], [1.0]])
    adjacency = torch.tensor([[1.0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    # 0: e = (0, 2 ln2, 0.5 * -2 ln2), weights (1, 4, 1/2) / 5.5
    # 1: e = (3 ln2, 0.5 * (ln2 - 2 ln2)), weights (8, 2^-0.5) / (8 + 2^-0.5)
    # 2: itself; 3: no senders
    first = (4 * ln2 - 0.5 * ln2) / 5.5
    second = (8 * ln2 - 2**-0.5 * ln2) / (8 + 2**-0.5)
    third = -0.5 if concat else -ln2  # ELU(-ln 2) = 1/2 - 1
    expected = torch.tensor([[first], [second], [third], [0.0]])
    assert (first, second) == pytest.approx((0.44109, 0.58057), abs=1e-5)
    assert_close(layer(h, adjacency), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "sparse",
    [
        torch.Tensor.to_sparse_coo,
        torch.Tensor.to_sparse_csr,
        torch.Tensor.to_sparse_csc,
        lambda adjacency: torch.sparse_coo_tensor(
            adjacency.nonzero().T.flip(1),
            adjacency[adjacency != 0].flip(0),
            (4, 4),
            check_invariants=True,
        ),
    ],
    ids=["coo", "csr", "csc", "unsorted coo"],
)
def test_sparse_adjacency_equals_the_dense_one(rows, sparse):
    layer, h = made(), rows(4)
    assert torch.equal(layer(h, sparse(ADJACENCY)), layer(h, ADJACENCY))


@pytest.mark.parametrize("layout", [torch.strided, torch.sparse_coo, torch.sparse_csr])
def test_entries_that_are_not_positive_are_no_edges(rows, layout):
    layer, h = made(), rows(4)
    adjacency = ADJACENCY.clone()
    adjacency[2, 0] = -1.0
    given = adjacency if layout is torch.strided else adjacency.to_sparse(layout=layout)
    assert torch.equal(layer(h, given), layer(h, ADJACENCY))
    if layout is torch.sparse_coo:  # a zero that is stored
        given.coalesce().values()[adjacency[adjacency != 0] == -1] = 0
        assert torch.equal(layer(h, given), layer(h, ADJACENCY))


def test_values_of_the_adjacency_do_not_matter_but_for_their_sign(rows):
    layer, h = made(), rows(4)
    assert torch.equal(layer(h, ADJACENCY * 7), layer(h, ADJACENCY))
    assert torch.equal(layer(h, ADJACENCY > 0), layer(h, ADJACENCY))


def test_node_without_senders_gets_zeros(rows):
    out = made()(rows(4), torch.zeros(4, 4))
    assert torch.equal(out, torch.zeros(4, 2))


def test_elu_follows_only_if_heads_are_to_be_concatenated(rows):
    ends, bare = made(concat=True), made(concat=False)
    h = rows(4)
    out = bare(h, ADJACENCY)
    assert out.min() < -1  # below the ELU's range
    assert_close(ends(h, ADJACENCY), elu(out))


def test_dropout_applies_to_weights_and_not_to_features(rows):
    # A node that attends only to itself gets W h / (1 - p) or 0.
    layer = made(dropout=0.5, concat=False).train()
    h = rows(300)
    ratio = layer(h, torch.eye(300)) / (h @ layer.W)
    assert torch.equal(ratio[:, 0].round(decimals=3), ratio[:, 1].round(decimals=3))
    assert set(ratio.round(decimals=3).abs().unique().tolist()) == {0.0, 2.0}
    assert 0.3 < (ratio[:, 0] > 1).float().mean() < 0.7


def test_dropout_is_off_in_evaluation(rows):
    layer, h = made(dropout=0.6), rows(4)
    expected = equations_1_to_4(layer, h, ADJACENCY)
    assert_close(layer.eval()(h, ADJACENCY), expected, rtol=1e-6, atol=1e-6)
    assert not torch.allclose(layer.train()(h, ADJACENCY), expected)


@pytest.mark.parametrize(
    ("h", "adjacency"),
    [
        (torch.ones(4, 2), torch.eye(4)),
        (torch.ones(4, 3), torch.eye(3)),
        (torch.ones(4, 3), torch.ones(4, 3)),
        (torch.ones(3), torch.eye(3)),
    ],
)
def test_shapes_that_do_not_fit_are_named(h, adjacency):
    with pytest.raises(ValueError, match=r"h must be \(n, 3\) and adj \(n, n\), got"):
        made()(h, adjacency)


def test_layer_has_the_parameters_of_the_paper():
    layer = GraphAttentionLayer(5, 3, 0.6, 0.2)
    shapes = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    assert shapes == {"W": (5, 3), "a": (6, 1)}
    assert layer.W.abs().max() <= math.sqrt(6 / 8)
    assert layer.a.abs().max() <= math.sqrt(6 / 7)
    assert "5, 3, concat=True" in repr(layer)


def test_multi_head_attention_with_one_head_is_the_same_layer(rows):
    layer, h = made(concat=False), rows(4)
    attention = GraphAttention(3, 2, score="gat", bias=False)
    with torch.no_grad():
        attention.value.copy_(layer.W)
        attention.attention_query.copy_(layer.a[:2].T)
        attention.attention_key.copy_(layer.a[2:].T)
    rows = ADJACENCY.to_sparse_csr()
    edges = Edges.from_csr(rows.crow_indices(), rows.col_indices(), 4)
    assert_close(attention(h, edges), layer(h, ADJACENCY), rtol=1e-6, atol=1e-6)
