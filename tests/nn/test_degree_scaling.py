import math

import pytest
import torch
from torch.testing import assert_close

from skattn.nn import AttentionBlock, BlockSpec, DegreeScaling
from skattn.nn._block_spec import without_attention
from skattn.ops import Edges, GraphStructure

# 0 attends to 0 and 1; 1 to all; 2 to none
EDGES = Edges.from_csr([0, 2, 5, 5], [0, 1, 0, 1, 2], n_senders=3)
H = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def made(width=2):
    scaling = DegreeScaling(width)
    with torch.no_grad():
        scaling.scale.copy_(1 - torch.arange(width))
        scaling.shift.copy_(3.0 * torch.arange(width))
    return scaling


def test_columns_are_scaled_and_shifted_by_the_log_of_the_number_of_senders():
    out = made()(H, GraphStructure(EDGES), slice(0, 3))
    two, three = math.log(3), math.log(4)
    expected = [[1 + two, 2 + 3 * two], [3 + 3 * three, 4 + 3 * three], [5.0, 6.0]]
    assert_close(out, torch.tensor(expected))


def test_it_starts_as_the_identity():
    assert_close(DegreeScaling(2)(H, GraphStructure(EDGES), slice(0, 3)), H)


def test_numbers_of_senders_in_the_full_graph_come_first():
    structure = GraphStructure(EDGES, sender_counts=torch.tensor([5, 0, 7]))
    out = made()(H[1:], structure.part(1, 3), slice(1, 3))
    eight = math.log(8)
    expected = [[3.0, 4.0], [5 + 5 * eight, 6 + 3 * eight]]
    assert_close(out, torch.tensor(expected))


def block(**options):
    spec = BlockSpec(n_heads=2, degree_scaling=True, norm=None, **options)
    built = AttentionBlock(4, 6, spec).eval()
    built.degree_scaling.load_state_dict(made(6).state_dict())
    return built


@pytest.mark.parametrize("options", [{}, {"convolution": "sum"}, {"score": "dot"}])
def test_a_range_of_receivers_equals_the_same_rows_among_all(options):
    operator = block(**options)
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    structure = GraphStructure(EDGES)
    part = operator.receive(
        x, slice(1, 3), operator.send(x, None), structure.part(1, 3), None
    )
    assert_close(part, operator(x, structure)[1:])
    assert_close(operator.forward_with_weights(x, structure)[0], operator(x, EDGES))


def test_the_attention_is_scaled_before_the_residual_is_added():
    operator = block(activation="relu")
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    structure = GraphStructure(EDGES)
    h = operator.degree_scaling(operator.attention(x, EDGES), structure, slice(0, 3))
    assert_close(operator(x, EDGES), (h + operator.skip(x)).relu())


def test_a_block_without_attention_has_no_scaling():
    spec = without_attention(BlockSpec(degree_scaling=True))
    assert AttentionBlock(4, 8, spec).degree_scaling is None
