import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from skattn.nn import AttentionReadout, BlockSpec
from skattn.nn._readout import make_readout

# graphs of two nodes, none, one and three
SIZES = [2, 0, 1, 3]
X = torch.tensor([[1.0, -5], [3, -1], [7, 7], [0, 2], [-3, 2], [6, -1]])


def made(width=4, *, dtype=torch.float64, seed=0, **options):
    readout = AttentionReadout(width, **{"n_heads": 2} | options).to(dtype)
    readout.reset_parameters(torch.Generator().manual_seed(seed))
    return readout


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("sum", [[4.0, -6], [0, 0], [7, 7], [3, 3]]),
        ("mean", [[2.0, -3], [0, 0], [7, 7], [1, 1]]),
        ("max", [[3.0, -1], [0, 0], [7, 7], [6, 2]]),
    ],
)
def test_columns_are_reduced_graph_by_graph(graphs_of, how, expected):
    readout = make_readout(how, 2, BlockSpec())
    assert_close(readout(X, graphs_of(SIZES)), torch.tensor(expected))


def test_bare_edges_are_one_graph(graphs_of):
    readout = make_readout("sum", 2, BlockSpec())
    out = readout(X, graphs_of([6]).edges)
    assert_close(out, torch.tensor([[14.0, 4.0]]))


def test_unknown_readouts_are_an_error():
    with pytest.raises(ValueError, match=r"readout must be one of .* got 'median'"):
        make_readout("median", 2, BlockSpec())


def test_every_head_averages_the_nodes_by_its_query(graphs_of, rows):
    readout, x = made(), rows(6, 4)
    with torch.no_grad():
        readout.value.bias.copy_(torch.tensor([1.0, 2, 3, 4]))
    out = readout(x, graphs_of(SIZES))
    value = x @ readout.value.weight + readout.value.bias
    for graph, nodes in enumerate([[0, 1], [], [2], [3, 4, 5]]):
        for head in range(2):
            mine = slice(2 * head, 2 * head + 2)
            powers = [
                math.exp(float(readout.query[:, head].detach() @ x[i]) / math.sqrt(4))
                for i in nodes
            ]
            expected = torch.zeros(2, dtype=x.dtype)
            for power, i in zip(powers, nodes, strict=True):
                expected += power / sum(powers) * value[i, mine].detach()
            assert_close(out[graph, mine], expected)


def test_weights_of_a_graphs_nodes_sum_to_one(graphs_of, rows):
    weights = made().attention_weights(rows(6, 4), graphs_of(SIZES))
    assert weights.shape == (6, 2)
    for nodes in (weights[:2], weights[2:3], weights[3:]):
        assert_close(nodes.sum(0), torch.ones(2, dtype=torch.float64))


def test_weights_are_those_of_the_average(graphs_of, rows):
    readout, x = made(), rows(6, 4)
    weights = readout.attention_weights(x, graphs_of([6]))
    value = readout.value(x).view(6, 2, 2)
    expected = torch.einsum("nh,nhc->hc", weights, value).flatten()
    assert_close(readout(x, graphs_of([6]))[0], expected)


def test_compiled_readout_equals_the_reference(graphs_of, rows):
    exact, x = made(), rows(6, 4).requires_grad_()
    fast, y = made(dtype=torch.float32), rows(6, 4).float().requires_grad_()
    fast.load_state_dict(exact.state_dict())
    outs = [readout(z, graphs_of(SIZES)) for readout, z in ((exact, x), (fast, y))]
    assert_close(outs[1].double(), outs[0], rtol=1e-4, atol=1e-5)
    for out in outs:
        (out * rows(4, 4, seed=3).to(out.dtype)).sum().backward()
    assert_close(y.grad.double(), x.grad, rtol=1e-4, atol=1e-5)
    theirs = dict(exact.named_parameters())
    for name, parameter in fast.named_parameters():
        expected = theirs[name].grad
        assert_close(parameter.grad.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["attention", "mean", "sum", "max", "hierarchical"])
def test_gradients_are_right(graphs_of, rows, how):
    readout = make_readout(how, 4, BlockSpec(n_heads=2)).double()
    if hasattr(readout, "reset_parameters"):
        readout.reset_parameters(torch.Generator().manual_seed(0))
    x, names = rows(6, 4).requires_grad_(), dict(readout.named_parameters())

    def read(x, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(readout, given, (x, graphs_of(SIZES)))

    assert torch.autograd.gradcheck(read, (x, *names.values()))


@pytest.mark.parametrize("how", ["attention", "mean", "sum", "max", "hierarchical"])
@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(4)), seed=st.integers(0, 99))
def test_other_graphs_and_the_order_of_nodes_do_not_matter(
    graphs_of, rows, how, order, seed
):
    readout = make_readout(how, 4, BlockSpec(n_heads=2)).double()
    if hasattr(readout, "reset_parameters"):
        readout.reset_parameters(torch.Generator().manual_seed(0))
    x = rows(7, 4, seed=seed)  # the graph's nodes are 2 to 5
    together = readout(x, graphs_of([2, 4, 1]))
    alone = readout(x[2:6][list(order)], graphs_of([4]))
    assert_close(alone[0], together[1])


def test_dropout_acts_in_training_only_and_from_the_generator(graphs_of, rows):
    readout, x = made(dropout=0.5), rows(6, 4)
    structure = graphs_of([6])

    def run(seed):
        return readout(x, structure, generator=torch.Generator().manual_seed(seed))

    assert_close(readout.eval()(x, structure), made()(x, structure))
    readout.train()
    state = torch.get_rng_state()
    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)


def test_attention_dropout_of_the_spec_reaches_the_readout():
    spec = BlockSpec(n_heads=2, attention_dropout=0.3)
    assert make_readout("attention", 4, spec).dropout == 0.3


def test_width_must_be_divisible_by_the_heads():
    with pytest.raises(ValueError, match="divisible by n_heads=4, got 6"):
        AttentionReadout(6, n_heads=4)
