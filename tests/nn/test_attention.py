import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import leaky_relu
from torch.testing import assert_close

from skattn.nn import GraphAttention
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

SCORES = ["dot", "gat", "gatv2"]

# 0 attends to 0 and 2; 1 to all; 2 to 1; 3 to none
SENDERS = [[0, 2], [0, 1, 2, 3], [1], []]


def made(score, *, seed=0, dtype=torch.float64, **options):
    """A module with 3 input features, 2 heads of 4; its bias is not zero."""
    attention = GraphAttention(3, 4, n_heads=2, score=score, **options).to(dtype)
    generator = torch.Generator().manual_seed(seed)
    attention.reset_parameters(generator)
    if attention.bias is not None:
        with torch.no_grad():
            attention.bias.uniform_(-1, 1, generator=generator)
    return attention


def plain_logit(attention, x_i, x_j, head):
    """One edge's score by the formulas of the three papers."""

    def of_head(weight):
        return weight[:, head * 4 : head * 4 + 4]

    value = of_head(attention.value)
    if attention.score == "dot":
        query, key = x_i @ of_head(attention.query), x_j @ of_head(attention.key)
        return query @ key / math.sqrt(4)
    if attention.score == "gat":
        a = torch.cat([attention.attention_query[head], attention.attention_key[head]])
        return leaky_relu(a @ torch.cat([x_i @ value, x_j @ value]), 0.2)
    hidden = leaky_relu(x_i @ of_head(attention.query) + x_j @ value, 0.2)
    return attention.attention[head] @ hidden


def plain_weights(attention, x, senders, i, head, weight, features):
    """Attention weights of receiver i; `weight` and `features` have a list per row."""
    logits = []
    for k, j in enumerate(senders[i]):
        logit = plain_logit(attention, x[i], x[j], head)
        if weight is not None:
            logit = logit + math.log(weight[i][k])
        if features is not None:
            logit = logit + features[i][k] @ attention.edge_score[:, head]
        logits.append(logit)
    return torch.stack(logits).softmax(0) if logits else []


def plain_attention(attention, x, senders, weight=None, features=None):
    """The whole layer, edge by edge."""
    out = torch.zeros(len(senders), 2, 4, dtype=x.dtype)
    for i, head in itertools.product(range(len(senders)), range(2)):
        shares = plain_weights(attention, x, senders, i, head, weight, features)
        for k, j in enumerate(senders[i]):
            message = x[j] @ attention.value[:, head * 4 : head * 4 + 4]
            if features is not None:
                message = message + features[i][k] @ attention.edge_value[head]
            out[i, head] += shares[k] * message
    out = out.flatten(1) if attention.combine == "concat" else out.mean(1)
    return out if attention.bias is None else out + attention.bias


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("combine", ["concat", "mean"])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_equals_the_formula_edge_by_edge(edges_of, rows, score, combine, bias):
    attention = made(score, combine=combine, bias=bias)
    x = rows(4)
    out = attention(x, edges_of(SENDERS))
    assert out.shape == (4, attention.out_features) == (4, {"c": 8, "m": 4}[combine[0]])
    assert_close(out, plain_attention(attention, x, SENDERS))


@pytest.mark.parametrize("score", SCORES)
def test_compiled_float32_layer_equals_the_formula(edges_of, rows, score):
    attention = made(score, dtype=torch.float32)
    x = rows(4, dtype=torch.float32)
    expected = plain_attention(attention.double(), x.double(), SENDERS)
    out = attention.float()(x, edges_of(SENDERS))
    assert_close(out.double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("combine", ["concat", "mean"])
def test_edge_features_join_score_and_message(structure_of, rows, score, combine):
    attention = made(score, combine=combine, n_edge_features=2)
    x, features = rows(4), rows(7, 2, seed=2)
    per_row = features.split([2, 4, 1, 0])
    out = attention(x, structure_of(SENDERS, features=features))
    assert_close(out, plain_attention(attention, x, SENDERS, features=per_row))


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("n_edge_features", [0, 2])
def test_log_weights_are_a_prior_on_the_senders(
    structure_of, rows, score, n_edge_features
):
    attention = made(score, n_edge_features=n_edge_features)
    x = rows(4)
    weight = [[1.0, 3.0], [0.5, 2.0, 1.0, 7.0], [4.0], []]
    features = rows(7, 2, seed=2) if n_edge_features else None
    per_row = None if features is None else features.split([2, 4, 1, 0])
    log_weight = torch.tensor([1, 3, 0.5, 2, 1, 7, 4], dtype=x.dtype).log()
    out = attention(x, structure_of(SENDERS, log_weight, features))
    assert_close(out, plain_attention(attention, x, SENDERS, weight, per_row))


@pytest.mark.parametrize("score", SCORES)
def test_a_sender_of_weight_two_counts_as_two_senders(
    structure_of, edges_of, rows, score
):
    attention = made(score)
    x = rows(2)
    twice = attention(x, edges_of([[0, 1, 1], [1]]))
    log_weight = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype).log()
    assert_close(attention(x, structure_of([[0, 1], [1]], log_weight)), twice)


@pytest.mark.parametrize("score", SCORES)
def test_weights_of_a_receiver_sum_to_one_per_head(structure_of, rows, score):
    attention = made(score, n_edge_features=2)
    structure = structure_of(SENDERS, rows(7, 1)[:, 0], rows(7, 2, seed=2))
    weights = attention.attention_weights(rows(4), structure)
    assert weights.shape == (7, 2)
    for row in weights.split([2, 4, 1]):
        assert_close(row.sum(0), torch.ones(2, dtype=row.dtype))


@pytest.mark.parametrize("score", SCORES)
def test_weights_are_those_that_forward_uses(structure_of, rows, score):
    attention = made(score, n_edge_features=2)
    x, features = rows(4), rows(7, 2, seed=2)
    structure = structure_of(SENDERS, rows(7, 1, seed=3)[:, 0], features)
    edges = structure.edges
    weights = attention.attention_weights(x, structure)  # (7, 2)
    value = (x @ attention.value).view(4, 2, 4)[edges.senders.long()]  # (7, 2, 4)
    message = value + torch.einsum("ek,hkc->ehc", features, attention.edge_value)
    out = torch.zeros(4, 2, 4, dtype=x.dtype)
    out.index_add_(0, edges.receivers.long(), weights[..., None] * message)
    assert_close(attention(x, structure), out.flatten(1) + attention.bias)
    both = attention.forward_with_weights(x, structure)
    assert torch.equal(both[0], attention(x, structure))
    assert torch.equal(both[1], weights)


def test_weights_are_not_dropped_in_training(edges_of, rows):
    attention = made("gatv2", dropout=0.9).train()
    weights = attention.attention_weights(rows(4), edges_of(SENDERS))
    assert_close(weights[:2].sum(0), torch.ones(2, dtype=weights.dtype))


def test_gat_ranks_senders_alike_for_all_receivers_and_gatv2_does_not(edges_of, rows):
    x, edges = rows(12, seed=5), edges_of([list(range(12))] * 12)

    def n_favourites(score):
        weights = made(score).attention_weights(x, edges)[:, 0].view(12, 12)
        return len(weights.argmax(1).unique())

    assert n_favourites("gat") == 1
    assert n_favourites("gatv2") > 1


def test_folded_gat_score_has_the_gradients_of_the_unfolded(edges_of, rows):
    attention = made("gat")
    x, weight = rows(4), rows(4, 8, seed=6)
    (attention(x, edges_of(SENDERS)) * weight).sum().backward()
    folded = [p.grad.clone() for p in attention.parameters()]
    attention.zero_grad()
    (plain_attention(attention, x, SENDERS) * weight).sum().backward()
    for ours, plain in zip(folded, attention.parameters(), strict=True):
        assert_close(ours, plain.grad)


def test_gat_scores_of_wide_features_come_from_the_values(rows):
    attention = GraphAttention(9, 4, n_heads=2, score="gat").double()
    x = rows(4, 9)
    sent = attention.send(x, None)
    for half, vector in (
        (sent.query, attention.attention_query),
        (sent.key, attention.attention_key),
    ):
        assert_close(half, (sent.value * vector).sum(-1))
        half.square().sum().backward(retain_graph=True)
    folded = attention.attention_query.grad.clone()
    attention.zero_grad()
    value = (x @ attention.value).unflatten(1, (2, 4))
    (value * attention.attention_query).sum(-1).square().sum().backward()
    assert_close(folded, attention.attention_query.grad)


def test_slope_of_the_leaky_relu_can_be_set(edges_of, rows):
    attention = made("gatv2")
    x, edges = rows(4), edges_of(SENDERS)
    before = attention(x, edges)
    attention.negative_slope = 1.0  # then nothing depends on the receiver
    weights = attention.attention_weights(x, edges_of([[0, 1, 2], [0, 1, 2], [], []]))
    assert_close(weights[:3], weights[3:])
    assert not torch.allclose(attention(x, edges), before)


def sparse(x):
    indptr = torch.cat([torch.zeros(1), (x != 0).sum(1).cumsum(0)]).long()
    edges = Edges.from_csr(indptr, x.nonzero()[:, 1], x.shape[1])
    return SparseMatrix(edges, x[x != 0])


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sparse_features_equal_dense_ones(edges_of, rows, score, dtype):
    attention = made(score, dtype=dtype)
    x = torch.tensor([[1, 0, 0], [0, 0, 0], [0, 2, -1], [0, 0, 3]], dtype=dtype)
    edges, weight = edges_of(SENDERS), rows(4, 8, dtype=dtype)
    results = []
    for features in (x, sparse(x)):
        attention.zero_grad()
        out = attention(features, edges)
        (out * weight).sum().backward()
        results.append([out.detach(), *(p.grad for p in attention.parameters())])
        assert all(p.grad is not None for p in attention.parameters())
    assert_close(*results, rtol=1e-5, atol=1e-6)


def test_weights_of_sparse_features_equal_those_of_dense_ones(edges_of):
    attention = made("dot")
    x = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 2, -1], [0, 0, 3]]).double()
    edges = edges_of(SENDERS)
    ours = attention.attention_weights(sparse(x), edges)
    assert_close(ours, attention.attention_weights(x, edges))


def test_dropout_happens_in_training_only(edges_of, rows):
    attention = made("gatv2", dropout=0.5)
    x, edges = rows(4), edges_of(SENDERS)
    expected = plain_attention(attention, x, SENDERS)
    assert_close(attention.eval()(x, edges), expected)
    assert not torch.allclose(attention.train()(x, edges), expected)


def test_dropout_scales_a_weight_or_takes_it_away(edges_of):
    attention = made("gat", dropout=0.25, bias=False).train()
    with torch.no_grad():
        attention.value.fill_(1.0)
    out = attention(torch.ones(200, 3).double(), edges_of([[i] for i in range(200)]))
    kept = out.view(200, 2, 4)[..., 0]  # one sender of value 3: 3 / 0.75 or 0
    assert set(kept.unique().tolist()) == {0.0, 4.0}
    assert 0.6 < (kept > 0).double().mean() < 0.9


def test_dropout_comes_from_the_generator_given(edges_of, rows):
    attention = made("dot", dropout=0.5).train()
    x, edges = rows(4), edges_of([[0, 1, 2, 3]] * 4)

    def run(seed):
        return attention(x, edges, generator=torch.Generator().manual_seed(seed))

    state = torch.get_rng_state()
    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)


def test_without_a_generator_dropout_comes_from_torchs_own(edges_of, rows):
    attention = made("dot", dropout=0.5).train()
    x, edges = rows(4), edges_of([[0, 1, 2, 3]] * 4)
    state = torch.get_rng_state()
    first = attention(x, edges)
    torch.set_rng_state(state)
    assert torch.equal(attention(x, edges), first)


@pytest.mark.parametrize("score", SCORES)
def test_isolated_node_gets_only_the_bias(edges_of, rows, score):
    attention = made(score)
    out = attention(rows(4), edges_of(SENDERS))
    assert torch.equal(out[3], attention.bias)


@pytest.mark.parametrize("score", SCORES)
def test_graph_without_edges_gives_the_bias_everywhere(edges_of, rows, score):
    attention = made(score, dtype=torch.float32)
    out = attention(rows(3, dtype=torch.float32), edges_of([[], [], []]))
    assert torch.equal(out, attention.bias.expand(3, 8))
    out.sum().backward()
    assert torch.equal(attention.bias.grad, torch.full((8,), 3.0))


@pytest.mark.parametrize("score", SCORES)
def test_single_sender_has_weight_one(edges_of, rows, score):
    attention = made(score)
    x = rows(4)
    out = attention(x, edges_of(SENDERS))
    assert_close(out[2], x[1] @ attention.value + attention.bias)


@settings(max_examples=20, deadline=None)
@given(
    score=st.sampled_from(SCORES),
    dense=st.lists(
        st.lists(st.booleans(), min_size=5, max_size=5), min_size=5, max_size=5
    ),
    order=st.permutations(range(5)),
)
def test_numbering_of_the_nodes_does_not_matter(edges_of, rows, score, dense, order):
    attention = made(score)
    x = rows(5)
    adjacency = torch.tensor(dense)
    renumbered = adjacency[order][:, order]

    def senders(matrix):
        return [row.nonzero()[:, 0].tolist() for row in matrix]

    out = attention(x, edges_of(senders(adjacency)))
    assert_close(attention(x[order], edges_of(senders(renumbered))), out[order])


def test_order_of_the_senders_does_not_matter(edges_of, rows):
    attention = made("gatv2")
    x = rows(4)
    backwards = [row[::-1] for row in SENDERS]
    assert_close(attention(x, edges_of(backwards)), attention(x, edges_of(SENDERS)))


@pytest.mark.parametrize(
    "method", ["forward", "attention_weights", "forward_with_weights"]
)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": torch.ones(3, 3)}, r"one row per node.*\(4, 3\), got \(3, 3\)"),
        ({"x": torch.ones(4, 2)}, r"in_features columns.*\(4, 3\), got \(4, 2\)"),
        ({"x": torch.ones(4)}, r"\(4, 3\), got \(4,\)"),
        ({"x": sparse(torch.ones(4, 2))}, r"\(4, 3\), got \(4, 2\)"),
        ({"log_weight": torch.ones(6)}, r"one number per edge.*\(7,\), got \(6,\)"),
        ({"log_weight": torch.ones(7, 1)}, r"\(7,\), got \(7, 1\)"),
        ({"features": None}, r"edge_features must have shape \(7, 2\).*None"),
        ({"features": torch.ones(7, 1)}, r"\(7, 2\).*n_edge_features=2.*\(7, 1\)"),
        ({"features": torch.ones(6, 2)}, r"\(7, 2\), one row per edge.*\(6, 2\)"),
        ({"features": torch.ones(7)}, r"\(7, 2\).*got \(7,\)"),
        (
            {"edges": Edges.from_csr([0] * 6, [], n_senders=4)},
            "first nodes among the senders, got 5 .* and 4 .*ops.edge_attention",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_named(edges_of, method, given, message):
    attention = made("gatv2", n_edge_features=2, dtype=torch.float32)
    fits = {
        "x": torch.ones(4, 3),
        "edges": edges_of(SENDERS),
        "log_weight": None,
        "features": torch.ones(7, 2),
    }
    x, edges, *data = (fits | given).values()
    with pytest.raises(ValueError, match=message):
        getattr(attention, method)(x, GraphStructure(edges, EdgeData(*data)))


def test_unexpected_edge_features_are_an_error(structure_of):
    attention = made("gat", dtype=torch.float32)
    with pytest.raises(
        ValueError, match=r"must be None.*n_edge_features=0; got \(7, 2"
    ):
        attention(torch.ones(4, 3), structure_of(SENDERS, features=torch.ones(7, 2)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": "cosine"}, "score must be one of .*'gatv2'.*got 'cosine'"),
        ({"combine": "max"}, "combine must be one of .*'mean'.*got 'max'"),
        ({"n_heads": 0}, "at least 1, got 3, 4 and 0"),
    ],
)
def test_unknown_options_are_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        GraphAttention(3, 4, **options)


@pytest.mark.parametrize(
    ("score", "n_parameters"),
    [
        ("gat", 3 * 8 + 2 * 8 + 8),  # W, a_q and a_k, bias
        ("gatv2", 2 * 3 * 8 + 8 + 8),  # W_q and W_k, a, bias
        ("dot", 3 * 3 * 8 + 8),  # W_q, W_k, W_v, bias
    ],
)
def test_layer_has_the_parameters_of_its_paper(score, n_parameters):
    attention = GraphAttention(3, 4, n_heads=2, score=score)
    assert sum(p.numel() for p in attention.parameters()) == n_parameters
    with_edges = GraphAttention(3, 4, n_heads=2, score=score, n_edge_features=5)
    n_more = 5 * 2 + 2 * 5 * 4  # to the score, and to the message of each head
    assert sum(p.numel() for p in with_edges.parameters()) == n_parameters + n_more


@pytest.mark.parametrize("score", SCORES)
def test_initial_weights_are_glorots(score):
    attention = GraphAttention(30, 50, n_heads=4, score=score)
    assert torch.equal(attention.bias, torch.zeros(200))
    for name, parameter in attention.named_parameters():
        if name != "bias":
            fan = 50 + 1 if name.startswith("attention") else 30 + 200
            assert parameter.abs().max() <= math.sqrt(6 / fan)
            assert parameter.std().item() == pytest.approx(math.sqrt(2 / fan), rel=0.2)


@pytest.mark.parametrize("score", ["dot", "gatv2"])
@pytest.mark.parametrize("n_receivers", [3, 4])
def test_shared_weights_equal_separate_equal_weights(
    edges_of, rows, score, n_receivers
):
    shared, apart = made(score, share_weights=True), made(score)
    with torch.no_grad():
        for name, weight in apart.named_parameters():
            same = name in {"query", "key"}
            weight.copy_(shared.value if same else getattr(shared, name))
    edges, x = edges_of(SENDERS).part(0, n_receivers), rows(4).requires_grad_()
    slope = rows(n_receivers, 8, seed=2)
    found, expected = shared(x, edges), apart(x, edges)
    assert_close(found, expected)
    assert_close(shared.attention_weights(x, edges), apart.attention_weights(x, edges))
    (found * slope).sum().backward()
    to_x, x.grad = x.grad, None
    (expected * slope).sum().backward()
    assert_close(to_x, x.grad)
    parts = {"dot": ["query", "key", "value"], "gatv2": ["query", "value"]}[score]
    assert_close(shared.value.grad, sum(getattr(apart, name).grad for name in parts))


def test_gat_has_one_map_whether_weights_are_shared_or_not(edges_of, rows):
    edges, x = edges_of(SENDERS), rows(4)
    assert_close(made("gat", share_weights=True)(x, edges), made("gat")(x, edges))


def test_scores_with_shared_weights_ignore_value_dropout(rows):
    attention, x = made("dot", share_weights=True), rows(4)
    attention.value_dropout = 0.5
    sent = attention.send(x, torch.Generator().manual_seed(0))
    assert (sent.value == 0).any()
    assert_close(sent.key, attention.eval().send(x, None).value)
    assert sent.query is sent.key


def test_repr_lists_widths_and_options():
    assert "3, 4, n_heads=2, score='gat', combine='concat'" in repr(made("gat"))


def test_value_dropout_does_not_change_the_scores():
    edges = Edges.from_csr([0, 1], [0], n_senders=1)
    attention = GraphAttention(1, 1000, score="gat", bias=False)
    attention.value_dropout = 0.25
    x = torch.ones(1, 1)
    whole = attention.eval()(x, edges)
    dropped = attention.train()(x, edges, generator=torch.Generator().manual_seed(0))
    kept = dropped != 0
    assert 0.65 < kept.float().mean() < 0.85
    torch.testing.assert_close(dropped[kept], whole[kept] / 0.75)
