import math

import pytest
import torch
from torch.testing import assert_close

from skattn.nn._convolution import GraphConvolution, convolution_matrix, with_degree
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

# 0 attends to 0 and 1; 1 to all; 2 to itself; 3 to none, and 1 attends to it
EDGES = Edges.from_csr([0, 2, 6, 7, 7], [0, 1, 0, 1, 2, 3, 2], n_senders=4)
WEIGHTS = torch.tensor([1.0, 3, 2, 1, 4, 1, 5])
WEIGHTED = GraphStructure(EDGES, EdgeData(WEIGHTS.log()))


def made(convolution="mean", dtype=torch.float64):
    convolution = GraphConvolution(2, 3, convolution).to(dtype)
    convolution.reset_parameters(torch.Generator().manual_seed(0))
    return convolution


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (GraphStructure(EDGES), [1 / 2] * 2 + [1 / 4] * 4 + [1]),
        (WEIGHTED, [1 / 4, 3 / 4, 2 / 8, 1 / 8, 4 / 8, 1 / 8, 1]),
    ],
)
def test_mean_divides_by_the_sum_of_a_receivers_weights(structure, expected):
    matrix = convolution_matrix(structure, "mean", torch.float64)
    assert_close(matrix.values, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize(
    ("structure", "degrees", "weights"),
    [(GraphStructure(EDGES), [2, 4, 1], [1] * 7), (WEIGHTED, [4, 8, 5], WEIGHTS)],
)
def test_gcn_divides_by_the_roots_of_both_ends_degrees(structure, degrees, weights):
    matrix = convolution_matrix(structure, "gcn", torch.float64)
    ends = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (1, 3), (2, 2)]
    expected = [
        0.0 if j == 3 else float(w) / math.sqrt(degrees[i] * degrees[j])
        for (i, j), w in zip(ends, weights, strict=True)
    ]
    assert_close(matrix.values, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("name", ["mean", "gcn"])
def test_senders_rows_are_mapped_and_averaged(rows, name):
    convolution, x = made(name), rows(4, 2)
    dense = torch.zeros(4, 4, dtype=torch.float64)
    values = convolution_matrix(WEIGHTED, name, torch.float64).values
    dense[EDGES.receivers.long(), EDGES.senders.long()] = values
    expected = dense @ x @ convolution.linear.weight
    assert_close(convolution(x, WEIGHTED), expected)


def test_a_range_of_receivers_is_averaged_like_all(rows):
    convolution, x = made("gcn"), rows(4, 2)
    structure = with_degree(WEIGHTED)
    sent, part = convolution.send(x, None), structure.part(1, 3)
    out = convolution.receive(x, slice(1, 3), sent, part, None)
    assert_close(out, convolution(x, WEIGHTED)[1:3], rtol=1e-6, atol=1e-6)


def test_compiled_convolution_equals_the_reference(rows):
    exact, fast = made("gcn"), made("gcn").float()
    fast.load_state_dict(exact.state_dict())
    x, y = rows(4, 2).requires_grad_(), rows(4, 2).float().requires_grad_()
    slow_out = exact(x, WEIGHTED)
    out = fast(y, WEIGHTED)
    assert_close(out.double(), slow_out, rtol=1e-4, atol=1e-5)
    slow_out.square().sum().backward()
    out.square().sum().backward()
    assert_close(y.grad.double(), x.grad, rtol=1e-4, atol=1e-5)


def test_gradients_are_right(rows):
    convolution = made("gcn")
    names = dict(convolution.named_parameters())

    def convolve(x, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(convolution, given, (x, WEIGHTED))

    inputs = (rows(4, 2).requires_grad_(), *names.values())
    assert torch.autograd.gradcheck(convolve, inputs)


def test_sparse_features_equal_dense_ones():
    convolution = made(dtype=torch.float32)
    entries = Edges.from_csr([0, 1, 3, 3, 4], [1, 0, 1, 0], n_senders=2)
    x = torch.tensor([[0.0, 1], [2, 3], [0, 0], [4, 0]])
    sparse = SparseMatrix(entries, torch.tensor([1.0, 2, 3, 4]))
    assert_close(convolution(sparse, EDGES), convolution(x, EDGES))


@pytest.mark.parametrize("name", ["mean", "gcn"])
@pytest.mark.parametrize("unit", [1e-35, 3e37])
def test_the_unit_of_the_weights_does_not_matter(name, unit):
    scaled = GraphStructure(EDGES, EdgeData(WEIGHTS.log() + math.log(unit)))
    found = convolution_matrix(scaled, name, torch.float32).values
    expected = convolution_matrix(WEIGHTED, name, torch.float32).values
    assert_close(found, expected, rtol=1e-4, atol=1e-6)
    assert_close(
        convolution_matrix(with_degree(scaled), name, torch.float32).values,
        expected,
        rtol=1e-4,
        atol=1e-6,
    )


def test_unknown_convolutions_are_an_error():
    with pytest.raises(
        ValueError, match=r"convolution must be None or one of .* 'gin'"
    ):
        made("gin")


@pytest.mark.parametrize("name", ["mean", "gcn", "sum"])
def test_gradients_of_edge_weights_include_degrees(name, rows):
    convolution, x = made(name), rows(4, 2)

    def convolve(log_weight):
        return convolution(x, GraphStructure(EDGES, EdgeData(log_weight)))

    log_weight = WEIGHTS.double().log().requires_grad_()
    assert torch.autograd.gradcheck(convolve, (log_weight,))


@pytest.mark.parametrize("name", ["mean", "gcn", "sum"])
def test_compiled_gradients_of_edge_weights_equal_the_reference(name, rows):
    exact, fast = made(name), made(name).float()
    found = []
    for convolution, dtype in ((exact, torch.float64), (fast, torch.float32)):
        log_weight = WEIGHTS.log().to(dtype).requires_grad_()
        structure = GraphStructure(EDGES, EdgeData(log_weight))
        convolution(rows(4, 2).to(dtype), structure).square().sum().backward()
        found.append(log_weight.grad.double())
    assert found[0].abs().max() > 1e-2
    assert_close(found[1], found[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["mean", "gcn", "sum"])
def test_weight_zero_is_no_edge(name, rows):
    gone = WEIGHTS.clone()
    gone[[1, 4]] = 0.0
    log_weight = gone.log().requires_grad_()
    left = gone > 0
    edges = Edges.from_csr([0, 1, 4, 5, 5], EDGES.senders[left], n_senders=4)
    without = GraphStructure(edges, EdgeData(gone[left].log()))
    convolution, x = made(name, torch.float32), rows(4, 2).float()
    out = convolution(x, GraphStructure(EDGES, EdgeData(log_weight)))
    assert_close(out, convolution(x, without), rtol=1e-6, atol=1e-6)
    out.sum().backward()
    assert log_weight.grad.isfinite().all()


@pytest.mark.parametrize("name", ["mean", "gcn"])
def test_gradients_of_weights_with_given_degrees_are_refused(name, rows):
    structure = with_degree(GraphStructure(EDGES, EdgeData(WEIGHTS.log())))
    log_weight = WEIGHTS.log().requires_grad_()
    gated = GraphStructure(EDGES, EdgeData(log_weight), degree=structure.degree)
    with pytest.raises(ValueError, match=r"structure\.degree must be None"):
        made(name, torch.float32)(rows(4, 2).float(), gated)


@pytest.mark.parametrize("name", ["mean", "gcn"])
def test_gradients_include_those_of_degrees_computed_from_the_weights(name, rows):
    grads = []
    for complete in (with_degree, lambda structure: structure):
        log_weight = WEIGHTS.log().requires_grad_()
        structure = complete(GraphStructure(EDGES, EdgeData(log_weight)))
        out = made(name, torch.float32)(rows(4, 2).float(), structure)
        out.square().sum().backward()
        grads.append(log_weight.grad)
    assert_close(*grads)
