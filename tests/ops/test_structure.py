import torch

from skattn.ops import Edges, GraphStructure, as_structure


def full_structure(edges):
    n_edges = edges.n_edges
    return GraphStructure(
        edges,
        log_weight=torch.zeros(n_edges),
        edge_features=torch.ones(n_edges, 2),
        node_ptr=torch.tensor([0, 3, 4]),
        hops={2: Edges.from_csr([0, 1, 2, 3, 4], [0, 1, 2, 3], n_senders=4)},
    )


def test_edges_alone_are_one_graph_of_which_nothing_else_is_known(edges):
    structure = as_structure(edges)
    assert structure.edges is edges
    assert structure.n_graphs == 1
    assert structure.log_weight is structure.edge_features is structure.node_ptr is None
    assert structure.hops == {}


def test_a_structure_stays_itself(edges):
    structure = full_structure(edges)
    assert as_structure(structure) is structure


def test_graphs_are_counted_by_where_they_start(edges):
    assert full_structure(edges).n_graphs == 2
    assert GraphStructure(edges, node_ptr=torch.tensor([0, 4])).n_graphs == 1
    assert GraphStructure(edges, node_ptr=torch.tensor([0])).n_graphs == 0


def test_every_part_goes_to_the_device(edges):
    structure = full_structure(edges)
    moved = structure.to("meta")
    parts = [
        moved.edges.indptr,
        moved.edges.senders,
        moved.log_weight,
        moved.edge_features,
        moved.node_ptr,
        moved.hops[2].indptr,
        moved.hops[2].senders,
    ]
    assert {part.device.type for part in parts} == {"meta"}
    assert structure.edges.senders.device.type == "cpu"


def test_parts_that_are_on_the_device_are_shared(edges):
    structure = full_structure(edges)
    same = structure.to("cpu")
    assert same.edges is structure.edges
    assert same.log_weight is structure.log_weight
    assert same.edge_features is structure.edge_features
    assert same.node_ptr is structure.node_ptr
    assert same.hops[2] is structure.hops[2]


def test_parts_that_are_not_there_stay_away(edges):
    moved = GraphStructure(edges).to("meta")
    assert moved.log_weight is moved.edge_features is moved.node_ptr is None
    assert moved.hops == {}


def test_structures_do_not_share_their_hops(edges):
    assert GraphStructure(edges).hops is not GraphStructure(edges).hops
