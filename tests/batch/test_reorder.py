import numpy as np
import pytest
import torch
from scipy import sparse
from torch.testing import assert_close

from skattn import Graph
from skattn._batch import collate
from skattn._batch._reorder import in_order
from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec
from skattn.ops import SparseMatrix

# 0 attends to 1 (weight 2) and 2, 1 to itself, 2 to 0; every node to itself
CHAIN = [[0, 2, 1], [0, 1, 0], [3, 0, 0]]
X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
ORDER = np.array([2, 0, 1])


@pytest.fixture
def shuffled(monkeypatch):
    """300 shuffled nodes on a ring with weights, edge features and some targets."""
    monkeypatch.setattr("skattn.graph._order.MIN_NODES", 0)
    monkeypatch.setattr("skattn.graph._order.SAMPLE_NODES", 16)
    rng = np.random.default_rng(0)
    names = rng.permutation(300)
    senders = np.concatenate([np.roll(names, k) for k in range(-3, 4)])
    weights = rng.uniform(0.5, 2, 2100)
    adjacency = sparse.coo_array((weights, (np.tile(names, 7), senders)))
    edge_features = rng.normal(size=(2100, 2))
    X = rng.normal(size=(300, 3)).astype(np.float32)
    return Graph(adjacency, X, edge_features=edge_features)[rng.permutation(300)[:99]]


def test_rows_senders_and_weights_are_reordered(senders_of):
    batch = in_order(collate(Graph(CHAIN, X)[[0, 0, 2]]), ORDER)
    assert batch.x.tolist() == X[ORDER].tolist()
    assert batch.position_of.tolist() == [1, 2, 0]
    assert senders_of(batch.structure.edges) == [[1, 0], [1, 2, 0], [2]]
    expected = torch.tensor([3.0, 1, 1, 2, 1, 1]).log()
    assert_close(batch.structure.edge_data.log_weight, expected)
    assert batch.targets.tolist() == [1, 1, 0]
    assert batch.structure.edges.senders.dtype == torch.int32


def test_edge_features_and_hops_are_reordered():
    edge_features = np.arange(4.0)  # of 0-1, 0-2, 1-1, 2-0
    graph = Graph(CHAIN, X, edge_features=edge_features)
    batch = in_order(collate(graph, hops=(1, 2)), ORDER)
    assert batch.structure.edge_data.features.flatten().tolist() == [3, 0, 0, 0, 1, 2]
    far = batch.structure.hops[2]
    assert [sorted(row.tolist()) for row in far.senders.split([3, 3, 1])] == [
        [0, 1, 2],
        [0, 1, 2],
        [2],
    ]


def test_sparse_features_are_reordered():
    batch = in_order(collate(Graph(CHAIN, sparse.csr_array(X))), ORDER)
    assert isinstance(batch.x, SparseMatrix)
    assert batch.x.values.tolist() == X[ORDER].flatten().tolist()
    assert batch.x.edges.n_senders == 2


def test_targets_are_node_numbers_of_the_graph():
    batch = in_order(collate(Graph(CHAIN, X)), ORDER)
    assert batch.with_targets(torch.tensor([2, 1])).targets.tolist() == [0, 2]
    assert batch.to(torch.device("meta")).position_of.device.type == "meta"


def step(batch):
    """Return outputs, loss and gradients of a network without dropout."""
    torch.manual_seed(0)
    block = BlockSpec(n_heads=2, dropout=0.0, n_edge_features=2)
    network = AttentionNetwork(3, 4, NetworkSpec(block=block, hidden_dim=8))
    out = network(**batch.inputs)[batch.targets]
    loss = out.square().mean()
    loss.backward()
    return out, loss, [weight.grad for weight in network.parameters()]


def test_outputs_loss_and_gradients_are_those_of_the_graphs_own_order(shuffled):
    batch = collate(shuffled, ordered=True)
    assert batch.position_of is not None
    assert_close(step(batch), step(collate(shuffled)))


def test_nodes_are_reordered_on_request_if_the_graph_is_large(shuffled, monkeypatch):
    assert collate(shuffled).position_of is None
    monkeypatch.setattr("skattn.graph._order.MIN_NODES", 301)
    batch = collate(shuffled, ordered=True)
    assert batch.position_of is None
    for one, other in zip(step(batch)[2], step(collate(shuffled))[2], strict=True):
        assert torch.equal(one, other)


def test_a_mapped_graph_stays_in_its_file(shuffled, tmp_path):
    shuffled.base.save(tmp_path / "ring.graph")
    mapped = Graph.load(tmp_path / "ring.graph", mmap=True)
    assert collate(mapped, ordered=True).position_of is None
    read = Graph.load(tmp_path / "ring.graph", mmap=False)
    assert collate(read, ordered=True).position_of is not None
