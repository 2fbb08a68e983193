"""Means over neighbours, without weights."""

import pytest
import torch
from torch.testing import assert_close

from skattn.nn._smoothing import check_smoothing, smooth
from skattn.ops import EdgeData, Edges, GraphStructure

# 0 attends to itself and 1; 1 to itself and 2; 2 to itself
EDGES = Edges.from_csr([0, 2, 4, 5], [0, 1, 1, 2, 2], n_senders=3)
CODES = torch.tensor([[0.0], [2.0], [6.0]])


def test_codes_become_means_over_a_node_and_its_neighbours():
    once = smooth(CODES, GraphStructure(EDGES), 1, first_layer=0)
    assert_close(once, torch.tensor([[1.0], [4.0], [6.0]]))
    twice = smooth(CODES, GraphStructure(EDGES), 2, first_layer=0)
    assert_close(twice, torch.tensor([[2.5], [5.0], [6.0]]))


def test_edge_weights_weigh_the_mean():
    weights = torch.tensor([1.0, 3, 1, 1, 2])
    structure = GraphStructure(EDGES, EdgeData(weights.log()))
    once = smooth(CODES, structure, 1, first_layer=0)
    assert_close(once, torch.tensor([[1.5], [4.0], [6.0]]))


def test_gcn_divides_by_the_roots_of_both_ends_degrees():
    # degrees 2, 2 and 1
    once = smooth(CODES, GraphStructure(EDGES), 1, first_layer=0, convolution="gcn")
    assert_close(once, torch.tensor([[1.0], [1 + 6 / 2**0.5], [6.0]]))


def test_no_smoothing_returns_the_codes_themselves():
    assert smooth(CODES, GraphStructure(EDGES), 0, first_layer=0) is CODES


@pytest.mark.parametrize("max_edges", [1, 3, 100])
@pytest.mark.parametrize("convolution", ["mean", "gcn"])
def test_chunks_give_the_same_averages(max_edges, convolution):
    weights = torch.tensor([1.0, 3, 1, 1, 2])
    structure = GraphStructure(EDGES, EdgeData(weights.log()))
    options = {"first_layer": 0, "convolution": convolution}
    expected = smooth(CODES, structure, 2, **options)
    found = smooth(CODES, structure, 2, **options, max_edges=max_edges)
    assert_close(found, expected)


def test_a_receptive_field_needs_a_hop_per_mean():
    # the target 0, and the nodes within one and two hops of it
    field = GraphStructure(
        Edges.from_csr([0, 2, 4, 4], [0, 1, 1, 2], n_senders=3), reach=(1, 2, 3)
    )
    found = smooth(CODES, field, 2, first_layer=0)
    assert_close(found, torch.tensor([[2.5]]))
    with pytest.raises(ValueError, match="as many hops as the network has layers"):
        smooth(CODES, field, 3, first_layer=0)


@pytest.mark.parametrize("smoothing", [-1, 101])
def test_the_number_of_averages_has_limits(smoothing):
    check_smoothing(0)
    check_smoothing(100)
    with pytest.raises(ValueError, match=f"between 0 and 100, got {smoothing}"):
        check_smoothing(smoothing)
