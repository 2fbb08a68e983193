import torch
from torch.testing import assert_close

from skattn.ops import Edges, GraphStructure, NodeLabels

# 0 attends to 0, 1 and 2; 1 to 0 and 1; 2 to 3; 3 to none
EDGES = Edges.from_csr([0, 3, 5, 6, 6], [0, 1, 2, 0, 1, 3], n_senders=4)
VALUES = torch.tensor([[1.0, 1], [2, 1], [0, 0], [4, 1]])
KNOWN = torch.tensor([True, True, False, True])


def labels(identity=(0, 1, 2, 3), edges=EDGES):
    identity = torch.tensor(identity)
    return NodeLabels.of(edges, values=VALUES, known=KNOWN, identity=identity)


def ends(found):
    pairs = found.edges.receivers.tolist(), found.edges.senders.tolist()
    return list(zip(*pairs, strict=True))


def test_only_edges_to_other_labelled_nodes_are_kept():
    found = labels()
    assert ends(found) == [(0, 1), (1, 0), (2, 3)]
    assert found.entries.tolist() == [1, 3, 5]
    assert found.edges.n_receivers == found.edges.n_senders == 4


def test_nodes_of_the_same_identity_do_not_use_each_others_labels():
    assert ends(labels(identity=(7, 7, 2, 3))) == [(2, 3)]


def test_parallel_edges_are_all_kept():
    edges = Edges.from_csr([0, 2, 2, 2, 2], [1, 1], n_senders=4)
    assert labels(edges=edges).entries.tolist() == [0, 1]


def test_a_graph_without_labelled_senders_has_no_edges():
    edges = Edges.from_csr([0, 1, 2, 3, 4], [0, 1, 2, 3], n_senders=4)
    found = labels(edges=edges)
    assert found.edges.n_edges == 0
    assert found.edges.indptr.tolist() == [0] * 5


def test_a_part_of_a_structure_has_the_labels_of_its_edges():
    structure = GraphStructure(EDGES, labels=labels()).part(1, 3)
    assert ends(structure.labels) == [(0, 0), (1, 3)]
    assert structure.edges.senders[structure.labels.entries].tolist() == [0, 3]
    assert_close(structure.labels.values, VALUES)


def test_a_layer_of_a_sampled_graph_has_the_labels_of_its_nodes():
    structure = GraphStructure(EDGES, labels=labels(), reach=(1, 3, 4))
    last = structure.layer(1)
    assert ends(last.labels) == [(0, 1)]
    assert last.labels.edges.n_senders == len(last.labels.values) == 3


def test_labels_at_other_nodes_follow_the_new_edges():
    edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    found = labels().at(torch.tensor([2, 3]), edges)
    assert ends(found) == [(0, 1)]
    assert found.values.tolist() == [[0, 0], [4, 1]]


def test_a_copy_on_another_device_has_all_tensors():
    moved = GraphStructure(EDGES, labels=labels()).to("meta").labels
    assert {tensor.device.type for tensor in moved.tensors} == {"meta"}
    assert len(moved.tensors) == 6
