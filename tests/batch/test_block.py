import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from skattn._batch import GraphBlock, collate
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._descriptor_scaling import DescriptorScaling
from skattn.ops import SparseMatrix

PAIR = Graph([[0, 1], [1, 0]], np.array([[1.0, 2.0], [3.0, 4.0]]))
LONER = Graph([[0]], np.array([[5.0, 6.0]]))  # one node without edges
CHAIN = Graph(  # 0 to 1 to 2
    [[0, 1, 0], [0, 0, 1], [0, 0, 0]], np.array([[7.0, 8.0], [9.0, 10.0], [11.0, 12]])
)
KINDS = [
    {},
    {"weighted": True},
    {"sparse": True},
    {"n_edge_features": 2},
    {"weighted": True, "sparse": True, "n_edge_features": 1},
]


def block_of(*graphs, hops=()):
    return GraphBlock.of(GraphCollection.of(graphs), hops)


def random_graphs(seed, *, weighted=False, sparse=False, n_edge_features=None):
    """Graphs of 1 to 6 nodes; some without edges, some with self-loops."""
    rng = np.random.default_rng(seed)
    graphs = []
    for n in rng.integers(1, 7, size=5):
        adjacency = rng.random((n, n)) * (rng.random((n, n)) < rng.choice([0, 0.4]))
        adjacency = adjacency if weighted else (adjacency > 0).astype(float)
        X = rng.standard_normal((n, 3)) * (rng.random((n, 3)) < 0.5)
        features = None
        if n_edge_features is not None:
            features = rng.random((np.count_nonzero(adjacency), n_edge_features))
        X = sp.csr_array(X) if sparse else X
        graphs.append(Graph(adjacency, X, edge_features=features))
    return graphs


def assert_same_edges(edges, expected):
    assert_close(edges.indptr, expected.indptr, rtol=0, atol=0)
    assert_close(edges.senders, expected.senders, rtol=0, atol=0)
    assert edges.n_senders == expected.n_senders


def log_weight_of(structure):
    """Return log weights, zeros for none: a block has weights if any graph has."""
    if structure.edge_data.log_weight is None:
        return torch.zeros(structure.edges.n_edges)
    return structure.edge_data.log_weight


def assert_same_graphs(batch, expected):
    if isinstance(expected.x, SparseMatrix):
        assert_same_edges(batch.x.edges, expected.x.edges)
        assert_close(batch.x.values, expected.x.values, rtol=0, atol=0)
    else:
        assert_close(batch.x, expected.x, rtol=0, atol=0)
    ours, theirs = batch.structure, expected.structure
    assert_same_edges(ours.edges, theirs.edges)
    assert ours.hops.keys() == theirs.hops.keys()
    for k in theirs.hops:
        assert_same_edges(ours.hops[k], theirs.hops[k])
    assert_close(log_weight_of(ours), log_weight_of(theirs), rtol=0, atol=0)
    assert (ours.edge_data.features is None) == (theirs.edge_data.features is None)
    if theirs.edge_data.features is not None:
        assert torch.equal(ours.edge_data.features, theirs.edge_data.features)


def test_graphs_are_cut_in_the_given_order(senders_of):
    batch = block_of(PAIR, LONER, CHAIN).cut(np.array([2, 0]))
    assert batch.x.tolist() == [[7, 8], [9, 10], [11, 12], [1, 2], [3, 4]]
    assert senders_of(batch.structure.edges) == [[0, 1], [1, 2], [2], [3, 4], [3, 4]]
    assert batch.structure.edges.n_senders == 5
    assert batch.structure.node_ptr.tolist() == [0, 3, 5]
    assert batch.targets.tolist() == [0, 1]
    assert len(batch) == batch.structure.n_graphs == 2


def test_a_graph_may_be_cut_twice(senders_of):
    batch = block_of(PAIR, LONER).cut(np.array([1, 0, 1, 1]))
    assert batch.x[:, 0].tolist() == [5, 1, 3, 5, 5]
    assert senders_of(batch.structure.edges) == [[0], [1, 2], [1, 2], [3], [4]]
    assert batch.structure.node_ptr.tolist() == [0, 1, 3, 4, 5]


def test_weights_follow_their_edges():
    weighted = Graph([[0, 2.0], [0, 0.5]], np.zeros((2, 1)))
    plain = Graph([[0, 1], [0, 0]], np.zeros((2, 1)))
    batch = block_of(plain, weighted).cut(np.array([1, 0]))
    expected = torch.tensor([2, 2, 0.5, 1, 1, 1]).log()
    assert_close(batch.structure.edge_data.log_weight, expected)


def test_graphs_without_weights_have_no_logarithms():
    assert (
        block_of(PAIR, CHAIN).cut(np.array([1])).structure.edge_data.log_weight is None
    )


def test_edge_features_follow_their_edges():
    x = np.zeros((2, 1))
    first = Graph([[0, 1], [1, 0]], x, edge_features=[[1, 10], [2, 20]])
    second = Graph([[1, 1], [0, 0]], x, edge_features=[[3, 30], [4, 40]])
    batch = block_of(first, second).cut(np.array([1, 0]))
    expected = [[3, 30], [4, 40], [0, 0], [0, 0], [1, 10], [2, 20], [0, 0]]
    assert batch.structure.edge_data.features.tolist() == expected


def test_sparse_features_keep_their_columns():
    first = Graph(PAIR.adjacency, sp.csr_array([[0.0, 1, 0], [2, 0, 3]]))
    second = Graph(LONER.adjacency, sp.csr_array([[0.0, 0, 4]]))
    batch = block_of(first, second).cut(np.array([1, 0]))
    assert isinstance(batch.x, SparseMatrix)
    assert batch.x.shape == (3, 3)
    assert batch.x.edges.indptr.tolist() == [0, 1, 2, 4]
    assert batch.x.edges.senders.tolist() == [2, 1, 0, 2]
    assert batch.x.values.tolist() == [4, 1, 2, 3]


def test_hops_are_cut_like_edges(senders_of):
    block = block_of(PAIR, CHAIN, hops=(1, 2))
    hops = block.cut(np.array([1, 0])).structure.hops
    assert hops.keys() == {2}
    assert senders_of(hops[2]) == [[0, 1, 2], [1, 2], [2], [3, 4], [3, 4]]


@pytest.mark.parametrize("kind", KINDS)
def test_batches_cut_from_a_copy_on_a_device_are_the_same(kind, monkeypatch):
    graphs = random_graphs(3, **kind)
    numbers = np.array([4, 0, 2, 2])
    expected = block_of(*graphs, hops=(1, 2)).cut(numbers)
    monkeypatch.setattr(
        "skattn._batch._device_rows.stays", lambda n_bytes, device: True
    )
    block = block_of(*graphs, hops=(1, 2))
    batch = block.cut(numbers)
    assert_same_graphs(batch, expected)
    assert batch.structure.node_ptr.equal(expected.structure.node_ptr)
    assert batch.structure.edges.senders.dtype == expected.structure.edges.senders.dtype
    assert block._copy_on(torch.device("cpu")) is block._copy_on(torch.device("cpu"))
    assert block.cut(numbers[:0]).structure.edges.n_edges == 0


def test_a_device_without_known_memory_keeps_no_copy():
    assert block_of(PAIR)._copy_on(torch.device("meta")) is None


def test_frames_become_their_values():
    frames = [
        Graph(graph.adjacency, pd.DataFrame(graph.X, columns=["a", "b"]))
        for graph in (PAIR, LONER)
    ]
    assert block_of(*frames).cut(np.array([1])).x.tolist() == [[5, 6]]


def test_a_block_contains_graphs_that_are_not_targets():
    collection = GraphCollection.of([PAIR, LONER, CHAIN])[[1]]
    block = GraphBlock.of(collection)
    assert len(block) == block.n_graphs == 3
    assert block.n_features == 2
    assert block.whole.structure.node_ptr.tolist() == [0, 2, 3, 6]
    assert block.whole.targets.tolist() == [0, 1, 2]


def test_features_that_fit_are_not_copied_into_the_block():
    x = np.ones((3, 2), np.float32)
    collection = GraphCollection.of([PAIR, LONER]).with_features(x)
    assert GraphBlock.of(collection).whole.x.data_ptr() == x.ctypes.data


def test_a_cut_batch_has_memory_of_its_own():
    block = block_of(PAIR, LONER)
    block.cut(np.array([0, 1])).x.zero_()
    assert block.whole.x.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_tensors_have_the_types_of_the_kernels():
    block = block_of(Graph([[0, 2], [0, 0]], np.eye(2), edge_features=[[1]]), hops=(2,))
    batch = block.cut(np.array([0], np.int32))
    structure = batch.structure
    assert structure.edges.senders.dtype == structure.hops[2].senders.dtype
    assert structure.edges.senders.dtype == torch.int32
    integers = (structure.edges.indptr, structure.node_ptr, batch.targets)
    assert {part.dtype for part in integers} == {torch.int64}
    floats = (batch.x, structure.edge_data.log_weight, structure.edge_data.features)
    assert {part.dtype for part in floats} == {torch.float32}


def test_no_graph_at_all_is_an_empty_batch():
    batch = block_of(PAIR, LONER, hops=(2,)).cut(np.array([], np.int64))
    assert len(batch) == 0
    assert batch.x.shape == (0, 2)
    assert batch.structure.node_ptr.tolist() == [0]
    assert batch.structure.edges.n_receivers == batch.structure.edges.n_edges == 0


@pytest.mark.parametrize("numbers", [[0, 2], [-1], [-2, 0]])
def test_unknown_numbers_are_refused(numbers):
    with pytest.raises(IndexError, match=r"must lie between 0 and 1, got indices from"):
        block_of(PAIR, LONER).cut(np.array(numbers))


def test_graphs_without_features_cannot_be_collated():
    with pytest.raises(ValueError, match=r"must have features.*with_features\(X\)"):
        block_of(Graph([[0, 1], [1, 0]]))


def test_device_is_passed_on():
    batch = block_of(PAIR, hops=(2,)).cut(np.array([0]), "meta")
    parts = (batch.x, batch.structure.hops[2].senders, batch.structure.node_ptr)
    assert {part.device.type for part in (*parts, batch.targets)} == {"meta"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind) or "plain")
@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.integers(0, 4), min_size=1, max_size=8), seed=st.integers(0))
def test_cutting_equals_collating_the_union(kind, numbers, seed):
    graphs = random_graphs(seed, **kind)
    batch = block_of(*graphs, hops=(2, 3)).cut(np.array(numbers))
    union = Graph.union([graphs[number] for number in numbers])
    assert_same_graphs(batch, collate(union, hops=(2, 3)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind) or "plain")
def test_all_graphs_in_order_equal_the_block(kind):
    block = block_of(*random_graphs(7, **kind), hops=(2,))
    batch = block.cut(np.arange(block.n_graphs))
    assert_same_graphs(batch, block.whole)
    assert torch.equal(batch.structure.node_ptr, block.whole.structure.node_ptr)


def test_descriptors_are_scaled_and_cut_with_their_graphs():
    described = [
        graph.with_descriptors([k]) for k, graph in enumerate([PAIR, LONER, CHAIN])
    ]
    collection = GraphCollection.of(described)
    scaling = DescriptorScaling.of(collection)
    block = GraphBlock.of(collection, descriptor_scaling=scaling)
    z = np.sqrt(1.5)
    assert_close(
        block.whole.structure.descriptors, torch.tensor([[-z], [0], [z]]).float()
    )
    cut = block.cut(np.array([2, 2, 0]))
    assert_close(cut.structure.descriptors, torch.tensor([[z], [z], [-z]]).float())
    assert block_of(PAIR).cut(np.array([0])).structure.descriptors is None
