import pytest
import torch

from skattn.nn._segments import (
    graph_edges,
    graph_of_nodes,
    node_ptr_of,
    reduce_graphs,
)

SIZES = [2, 0, 3]
X = torch.tensor([[1.0, -5], [3, -1], [0, 2], [-3, 2], [6, -1]])


def test_a_structure_without_ranges_is_one_graph(structure_of):
    structure = structure_of([[1], [0], []])
    assert node_ptr_of(structure).tolist() == [0, 3]
    assert graph_of_nodes(structure).tolist() == [0, 0, 0]


def test_every_node_has_the_number_of_its_graph(graphs_of):
    structure = graphs_of(SIZES)
    assert node_ptr_of(structure).tolist() == [0, 2, 2, 5]
    assert graph_of_nodes(structure).tolist() == [0, 0, 2, 2, 2]


def test_every_graph_attends_to_its_nodes(graphs_of):
    edges = graph_edges(graphs_of(SIZES))
    assert (edges.n_receivers, edges.n_senders) == (3, 5)
    assert edges.indptr.tolist() == [0, 2, 2, 5]
    assert edges.senders.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("sum", [[4, -6], [0, 0], [3, 3]]),
        ("mean", [[2, -3], [0, 0], [1, 1]]),
        ("max", [[3, -1], [0, 0], [6, 2]]),
    ],
)
def test_rows_are_reduced_and_an_empty_graph_is_zero(how, expected, graphs_of):
    assert reduce_graphs(X, graphs_of(SIZES), how).tolist() == expected


def test_an_empty_graph_has_no_gradient(graphs_of):
    x = X.clone().requires_grad_()
    reduce_graphs(x, graphs_of(SIZES), "mean").sum().backward()
    expected = [[1 / 2] * 2] * 2 + [[1 / 3] * 2] * 3
    torch.testing.assert_close(x.grad, torch.tensor(expected))
