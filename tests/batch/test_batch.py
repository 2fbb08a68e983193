import numpy as np
import pytest
import scipy.sparse as sp
import torch

from skattn._batch import collate
from skattn.graph import Graph
from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec

META = torch.device("meta")  # available on every machine


@pytest.fixture
def batch():
    graph = Graph(
        [[0, 2], [3, 0]], sp.csr_array(np.eye(2)), edge_features=np.ones((2, 1))
    )
    return collate(graph[[1]])


def test_every_part_goes_to_the_device(batch):
    moved = batch.to(META)
    parts = [
        moved.x.values,
        moved.x.edges.indptr,
        moved.x.edges.senders,
        moved.structure.edges.indptr,
        moved.structure.edges.senders,
        moved.structure.edge_data.log_weight,
        moved.structure.edge_data.features,
        moved.targets,
    ]
    assert {part.device for part in parts} == {META}
    assert batch.targets.device.type == "cpu"


def test_missing_fields_remain_none():
    moved = collate(Graph([[0, 1], [1, 0]], np.eye(2))).to(META)
    assert moved.structure.edge_data.log_weight is None
    assert moved.structure.edge_data.features is None


def test_parts_that_are_on_the_device_are_shared(batch):
    same = batch.to(torch.device("cpu"))
    assert same.x is batch.x
    assert same.structure.edges is batch.structure.edges
    assert same.structure.edge_data.log_weight is batch.structure.edge_data.log_weight


def test_other_targets_share_everything_else(batch):
    other = batch.with_targets(torch.tensor([0, 1, 0]))
    assert (len(batch), len(other)) == (1, 3)
    assert other.targets.tolist() == [0, 1, 0]
    assert batch.targets.tolist() == [1]
    assert other.x is batch.x
    assert other.structure is batch.structure


def test_targets_come_to_the_batchs_device(batch):
    moved = batch.to(META).with_targets(torch.tensor([0]))
    assert moved.targets.device == META


def test_inputs_are_the_arguments_of_a_network(batch):
    spec = NetworkSpec(block=BlockSpec(n_edge_features=1))
    network = AttentionNetwork(2, 3, spec)
    assert network(**batch.inputs).shape == (2, 3)


@pytest.mark.parametrize("targets", [[1], [1, 0], [0, 0], [0, 1, 0]])
def test_rows_of_the_targets_are_selected(batch, targets):
    batch = batch.with_targets(torch.tensor(targets))
    codes = torch.tensor([[5.0], [7.0]])
    assert batch.select(codes).tolist() == [[5.0 + 2 * k] for k in targets]


def test_selecting_all_in_order_is_no_copy(batch):
    codes = torch.ones(2, 3)
    assert batch.with_targets(torch.tensor([0, 1])).select(codes) is codes


def test_targets_of_a_copy_need_not_be_read_from_its_device():
    batch = collate(Graph([[0, 1], [1, 0]], np.eye(2)))
    codes = torch.empty(2, 3, device=META)  # whose numbers cannot be read
    assert batch.to(META).select(codes) is codes
    turned = batch.with_targets(torch.tensor([1, 0])).to(META)
    assert turned.select(codes) is not codes
