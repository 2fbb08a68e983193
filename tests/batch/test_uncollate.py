import numpy as np
import pytest
import scipy.sparse as sp
import torch

from skattn._batch import GraphBlock, collate, uncollate_edges, uncollate_nodes
from skattn._batch._reorder import in_order
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection

# 0 attends to 1 and 2, 2 to 0; collate adds every self-loop
TRIPLE = Graph([[0, 1, 1], [0, 0, 0], [1, 0, 0]], [[1.0], [2.0], [3.0]])
EDGES = [(0, 0), (0, 1), (0, 2), (1, 1), (2, 0), (2, 2)]
LONER = Graph([[0]], [[9.0]])


def codes(edges):
    """Code of each edge: receiver and sender."""
    return [10 * receiver + sender + 1 for receiver, sender in edges]


def as_dict(matrix):
    entries = matrix.tocoo()
    ends = zip(entries.row.tolist(), entries.col.tolist(), strict=True)
    return dict(zip(ends, entries.data.tolist(), strict=True))


def coded_edges(batch, nodes):
    """Code of each edge of a batch, by node numbers of the graph."""
    edges = batch.structure.edges
    nodes = torch.tensor(nodes)
    return (
        10 * nodes[edges.receivers.long()] + nodes[edges.senders.long()] + 1
    ).float()


def test_edge_values_become_one_matrix_per_column():
    values = torch.tensor(codes(EDGES)).float()
    ((first, second),) = uncollate_edges(
        collate(TRIPLE), torch.stack([values, -values], 1)
    )
    expected = [[1, 2, 3], [0, 12, 0], [21, 0, 23]]
    assert first.toarray().tolist() == expected
    assert (first + second).toarray().tolist() == np.zeros((3, 3)).tolist()
    assert first.shape == (3, 3)
    assert first.has_canonical_format


def test_each_graph_of_a_union_gets_its_own_matrices():
    block = GraphBlock.of(GraphCollection.of([TRIPLE, LONER]))
    batch = block.cut(np.array([1, 0, 1]))
    values = torch.tensor([-1, *codes(EDGES), -2]).float()
    loner, triple, other = (one for (one,) in uncollate_edges(batch, values[:, None]))
    assert as_dict(triple) == dict(zip(EDGES, codes(EDGES), strict=True))
    assert loner.toarray().tolist() == [[-1]]
    assert other.toarray().tolist() == [[-2]]


def test_node_values_are_split_by_graph():
    block = GraphBlock.of(GraphCollection.of([TRIPLE, LONER]))
    batch = block.cut(np.array([1, 0]))
    loner, triple = uncollate_nodes(batch, 2 * batch.x)
    assert loner.tolist() == [[18]]
    assert triple.tolist() == [[2], [4], [6]]


def test_reordered_nodes_return_to_their_order():
    order = np.array([2, 0, 1])
    batch = in_order(collate(TRIPLE), order)
    values = coded_edges(batch, order)
    ((matrix,),) = uncollate_edges(batch, values[:, None])
    assert as_dict(matrix) == dict(zip(EDGES, codes(EDGES), strict=True))
    (nodes,) = uncollate_nodes(batch, batch.x)
    assert nodes.tolist() == [[1], [2], [3]]


@pytest.mark.parametrize("reordered", [False, True])
def test_parallel_edges_are_summed(reordered):
    twice = sp.coo_array((np.ones(3), ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    graph = Graph(twice, np.eye(2), edge_features=[[1.0], [2.0], [4.0]])
    batch = collate(graph)
    batch = in_order(batch, np.array([1, 0])) if reordered else batch
    ((matrix,),) = uncollate_edges(batch, batch.structure.edge_data.features)
    assert matrix.toarray().tolist() == [[0, 3], [4, 0]]


def test_no_graphs_give_empty_lists():
    batch = GraphBlock.of(GraphCollection.of([LONER])).cut(np.array([], np.int64))
    assert uncollate_nodes(batch, batch.x) == []
    assert uncollate_edges(batch, torch.zeros(0, 2)) == []


def test_the_batch_is_unchanged():
    batch = collate(TRIPLE)
    senders = batch.structure.edges.senders.clone()
    values = torch.ones(6, 1, requires_grad=True)
    ((matrix,),) = uncollate_edges(batch, values)
    matrix.data[:], matrix.indices[:] = 7, 0
    assert torch.equal(batch.structure.edges.senders, senders)
    assert values.detach().unique().tolist() == [1]
