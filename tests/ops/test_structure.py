import pytest
import torch

from skattn.ops import EdgeData, Edges, GraphStructure
from skattn.ops._structure import as_structure


def full_structure(edges):
    n_edges = edges.n_edges
    return GraphStructure(
        edges,
        EdgeData(torch.zeros(n_edges), torch.ones(n_edges, 2)),
        node_ptr=torch.tensor([0, 3, 4]),
        hops={2: Edges.from_csr([0, 1, 2, 3, 4], [0, 1, 2, 3], n_senders=4)},
    )


def test_edges_are_one_graph_without_edge_data(edges):
    structure = as_structure(edges)
    assert structure.edges is edges
    assert structure.n_graphs == 1
    assert structure.edge_data.tensors == []
    assert structure.node_ptr is None
    assert structure.hops == {}


def test_a_structure_is_returned_unchanged(edges):
    structure = full_structure(edges)
    assert as_structure(structure) is structure


def test_graphs_are_counted_by_their_node_ranges(edges):
    assert full_structure(edges).n_graphs == 2
    assert GraphStructure(edges, node_ptr=torch.tensor([0, 4])).n_graphs == 1
    assert GraphStructure(edges, node_ptr=torch.tensor([0])).n_graphs == 0


def test_all_fields_are_copied_to_the_device(edges):
    structure = full_structure(edges)
    moved = structure.to("meta")
    parts = [
        moved.edges.indptr,
        moved.edges.senders,
        moved.edge_data.log_weight,
        moved.edge_data.features,
        moved.node_ptr,
        moved.hops[2].indptr,
        moved.hops[2].senders,
    ]
    assert {part.device.type for part in parts} == {"meta"}
    assert structure.edges.senders.device.type == "cpu"


def test_fields_on_the_device_are_shared(edges):
    structure = full_structure(edges)
    same = structure.to("cpu")
    assert same.edges is structure.edges
    assert same.edge_data.log_weight is structure.edge_data.log_weight
    assert same.edge_data.features is structure.edge_data.features
    assert same.node_ptr is structure.node_ptr
    assert same.hops[2] is structure.hops[2]


def test_missing_fields_stay_missing(edges):
    moved = GraphStructure(edges).to("meta")
    assert moved.edge_data.tensors == []
    assert moved.node_ptr is None
    assert moved.hops == {}


def test_structures_do_not_share_their_hops(edges):
    assert GraphStructure(edges).hops is not GraphStructure(edges).hops


# 0 attends to 0 and 1; 1 to 1 and 2; 2 to 2 and 0
RING = Edges.from_csr([0, 2, 4, 6], [0, 1, 1, 2, 2, 0], n_senders=3)


def test_a_part_has_the_edges_of_its_receivers():
    structure = GraphStructure(
        RING,
        EdgeData(torch.arange(6.0), torch.arange(12.0).view(6, 2)),
        hops={2: Edges.from_csr([0, 1, 3, 6], [0, 0, 1, 0, 1, 2], n_senders=3)},
        degree=torch.tensor([1.0, 2.0, 3.0]),
        sender_counts=torch.tensor([4, 5, 6]),
    )
    part = structure.part(1, 3)
    assert part.edges.indptr.tolist() == [0, 2, 4]
    assert part.edges.senders.tolist() == [1, 2, 2, 0]
    assert part.edge_data.log_weight.tolist() == [2, 3, 4, 5]
    assert part.edge_data.features.tolist() == [[4, 5], [6, 7], [8, 9], [10, 11]]
    assert part.hops[2].indptr.tolist() == [0, 2, 5]
    assert part.hops[2].senders.tolist() == [0, 1, 0, 1, 2]
    assert part.degree.tolist() == [1, 2, 3]
    assert part.sender_counts.tolist() == [4, 5, 6]
    assert part.edges.n_senders == part.hops[2].n_senders == 3


def test_an_empty_part_has_no_edges():
    part = GraphStructure(RING).part(2, 2)
    assert (part.edges.n_receivers, part.edges.n_edges) == (0, 0)
    assert part.edge_data.tensors == []
    assert part.degree is None


def test_layers_of_a_copy_need_no_numbers_of_its_device():
    structure = GraphStructure(RING, EdgeData(torch.arange(6.0)), reach=(1, 2, 3))
    moved = structure.to("meta")  # whose numbers cannot be read
    assert moved.reach_edges == (2, 4, 6)
    first, last = moved.layer(0), moved.layer(1)
    assert (first.edges.n_receivers, first.edges.n_edges) == (2, 4)
    assert (last.edges.n_receivers, last.edges.n_senders) == (1, 2)
    assert last.edge_data.log_weight.shape == (2,)


def test_layers_are_cut_once():
    structure = GraphStructure(RING, reach=(1, 2, 3))
    assert structure.layer(0) is structure.layer(0)
    assert structure.layer(0) is not structure.layer(1)


def test_without_reach_every_layer_computes_all_nodes():
    structure = GraphStructure(RING)
    assert structure.layer(0) is structure.layer(5) is structure


def test_layers_compute_fewer_and_fewer_receivers():
    chain = Edges.from_csr([0, 2, 4, 5], [0, 1, 1, 2, 2], n_senders=4)
    structure = GraphStructure(
        chain,
        EdgeData(torch.arange(5.0)),
        degree=torch.tensor([1.0, 2.0, 3.0, 4.0]),
        sender_counts=torch.tensor([5, 6, 7, 8]),
        reach=(1, 2, 3, 4),
    )
    layers = [structure.layer(k) for k in range(3)]
    sizes = [(one.edges.n_receivers, one.edges.n_senders) for one in layers]
    assert sizes == [(3, 4), (2, 3), (1, 2)]
    assert layers[1].edges.senders.tolist() == [0, 1, 1, 2]
    assert layers[2].edge_data.log_weight.tolist() == [0, 1]
    assert layers[2].degree.tolist() == [1, 2]
    assert layers[2].sender_counts.tolist() == [5, 6]


def test_more_layers_than_hops_are_refused():
    structure = GraphStructure(RING, reach=(1, 2, 3))
    with pytest.raises(ValueError, match=r"got 2 hops for more layers.*one number per"):
        structure.layer(2)


def test_degree_and_reach_are_copied_to_a_device():
    structure = GraphStructure(RING, degree=torch.ones(3), reach=(1, 3))
    moved = structure.to("meta")
    assert moved.degree.device.type == "meta"
    assert moved.reach == (1, 3)
