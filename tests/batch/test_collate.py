import gc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from torch.testing import assert_close

from skattn._batch import collate, collate_field
from skattn.graph import Graph
from skattn.graph._field import ReceptiveField
from skattn.graph._standardization import Standardization
from skattn.nn import GraphAttention
from skattn.ops import SparseMatrix

# 1 attends to itself already; 2 to no node
ADJACENCY = [[0, 1, 1], [1, 1, 0], [0, 0, 0]]
X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def test_missing_self_loops_are_added_once(senders_of):
    batch = collate(Graph(ADJACENCY, X))
    assert senders_of(batch.structure.edges) == [[0, 1, 2], [0, 1], [2]]
    assert batch.structure.edges.n_senders == batch.structure.edges.n_receivers == 3


def test_tensors_have_the_types_of_the_kernels():
    graph = Graph(sp.coo_matrix(ADJACENCY), X.astype(np.int64), nodes=list("abc"))
    batch = collate(graph[[2, 0]])
    assert (
        batch.structure.edges.indptr.dtype,
        batch.structure.edges.senders.dtype,
    ) == (
        torch.int64,
        torch.int32,
    )
    assert (batch.x.dtype, batch.targets.dtype) == (torch.float32, torch.int64)
    assert_close(batch.x, torch.from_numpy(X).float())
    assert batch.targets.tolist() == [2, 0]
    assert batch.x.is_contiguous()


def test_length_is_the_number_of_targets():
    graph = Graph(ADJACENCY, X)
    assert len(collate(graph)) == 3
    assert len(collate(graph[[1, 1, 2, 0, 1]])) == 5
    assert len(collate(graph[[]])) == 0


def test_weights_become_logarithms_and_loops_weigh_the_mean_of_their_row(senders_of):
    batch = collate(Graph([[0, 2, 4], [0, 0.5, 0], [4, 0, 0]], X))
    assert senders_of(batch.structure.edges) == [[0, 1, 2], [1], [0, 2]]
    expected = torch.tensor([3, 2, 4, 0.5, 4, 4]).log()
    assert_close(batch.structure.edge_data.log_weight, expected)


def test_graph_without_weights_has_no_logarithms():
    assert collate(Graph(ADJACENCY, X)).structure.edge_data.log_weight is None
    assert (
        collate(Graph([[0, 3], [0, 3]], X[:2])).structure.edge_data.log_weight
        is not None
    )


def test_edge_features_follow_their_edges_and_are_zero_on_added_loops():
    adjacency = sp.csr_array(np.array(ADJACENCY))
    features = np.array([[1.0, 10], [2, 20], [3, 30], [4, 40]])
    batch = collate(Graph(adjacency, X, edge_features=features))
    expected = [[0, 0], [1, 10], [2, 20], [3, 30], [4, 40], [0, 0]]
    assert batch.structure.edge_data.features.dtype == torch.float32
    assert batch.structure.edge_data.features.tolist() == expected


def test_edge_features_are_scaled_and_added_loops_have_zeros_after_that():
    adjacency = sp.csr_array(np.array(ADJACENCY))
    graph = Graph(adjacency, X, edge_features=np.array([1.0, 2.0, 3.0, 4.0]))
    batch = collate(graph, edge_scaling=Standardization((2.0,), (0.5,)))
    expected = [[0], [-2], [0], [2], [4], [0]]
    assert batch.structure.edge_data.features.tolist() == expected


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_sparse_features_stay_sparse(kind):
    dense = np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0]])
    batch = collate(Graph(ADJACENCY, kind(dense)))
    assert isinstance(batch.x, SparseMatrix)
    assert batch.x.shape == (3, 2)
    assert batch.x.values.tolist() == [2, 3]
    assert batch.x.values.dtype == torch.float32
    assert batch.x.edges.indptr.tolist() == [0, 1, 1, 2]
    assert batch.x.edges.senders.tolist() == [1, 0]


def test_numeric_frame_becomes_its_values():
    batch = collate(Graph(ADJACENCY, pd.DataFrame(X, columns=["a", "b"])))
    assert_close(batch.x, torch.from_numpy(X).float())


def test_read_only_and_strided_arrays_are_taken():
    x = np.asfortranarray(X.astype(np.float32))
    x.flags.writeable = False
    batch = collate(Graph(ADJACENCY, x))
    batch.x[0, 0] = 7.0
    assert x[0, 0] == 1.0


def test_features_that_fit_are_not_copied():
    x = np.ascontiguousarray(X, dtype=np.float32)
    assert collate(Graph(ADJACENCY, x)).x.data_ptr() == x.ctypes.data


def test_graph_without_features_cannot_be_collated():
    with pytest.raises(ValueError, match=r"must have features.*with_features\(X\)"):
        collate(Graph(ADJACENCY))


def test_graph_without_edges_has_its_loops(senders_of):
    batch = collate(Graph(np.zeros((3, 3)), X))
    assert senders_of(batch.structure.edges) == [[0], [1], [2]]


def test_device_is_passed_on():
    batches = [
        collate(Graph(ADJACENCY, X), device)
        for device in ("meta", torch.device("meta"))
    ]
    assert {batch.x.device.type for batch in batches} == {"meta"}


def test_hops_hold_all_senders_within_k_hops():
    graph = Graph([[0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1], [0, 0, 0, 0]], np.eye(4))
    hops = collate(graph, hops=(1, 2, 3)).structure.hops
    assert hops.keys() == {2, 3}
    assert hops[2].indptr.tolist() == [0, 3, 6, 8, 9]
    assert hops[2].senders.tolist() == [0, 1, 2, 1, 2, 3, 2, 3, 3]
    assert hops[3].indptr.tolist() == [0, 4, 7, 9, 10]
    assert (hops[2].indptr.dtype, hops[2].senders.dtype) == (torch.int64, torch.int32)


def test_there_are_no_hops_by_default():
    assert collate(Graph(ADJACENCY, X)).structure.hops == {}


# ---- memory maps -----------------------------------------------------------------

X_SMALL = X.astype(np.float32)
LOOPED = [[1, 2, 0], [1, 1, 0], [0, 0, 3]]


def mapped(graph, folder):
    graph.save(folder / "a.graph")
    return Graph.load(folder / "a.graph")


def tensors_of(batch):
    sparse = isinstance(batch.x, SparseMatrix)
    x = [batch.x.values, batch.x.edges.senders] if sparse else [batch.x]
    return [*x, batch.structure.edges.senders, batch.structure.edge_data.features]


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, pd.DataFrame])
def test_tensors_of_a_mapped_graph_are_its_pages(tmp_path, kind):
    features = np.arange(5.0)
    graph = mapped(Graph(LOOPED, kind(X_SMALL), edge_features=features), tmp_path)
    x = graph.X
    arrays = [x.data, x.indices] if sp.issparse(x) else [np.asarray(x)]
    arrays += [graph.adjacency.indices, graph.edge_features]
    for tensor, array in zip(tensors_of(collate(graph)), arrays, strict=True):
        assert tensor.data_ptr() == array.ctypes.data
        assert_close(tensor, torch.tensor(array))


def test_a_mapped_graph_trains_as_the_one_in_memory(tmp_path):
    graph = Graph(LOOPED, X_SMALL, edge_features=np.arange(5.0))
    layer = GraphAttention(2, 3, n_heads=2, n_edge_features=1)
    results = []
    for same in (graph, mapped(graph, tmp_path)):
        batch = collate(same)
        layer.zero_grad()
        out = layer(batch.x, batch.structure)
        out.square().sum().backward()
        results.append([out.detach(), *(p.grad for p in layer.parameters())])
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)


def test_missing_self_loops_copy_only_some_arrays_of_a_mapped_graph(
    tmp_path, senders_of
):
    graph = mapped(Graph(ADJACENCY, X_SMALL), tmp_path)
    batch = collate(graph)
    assert senders_of(batch.structure.edges) == [[0, 1, 2], [0, 1], [2]]
    assert batch.x.data_ptr() == graph.X.ctypes.data


def test_the_pages_outlive_the_graph(tmp_path, senders_of):
    batch = collate(mapped(Graph(LOOPED, X_SMALL), tmp_path))
    (tmp_path / "a.graph").unlink()
    gc.collect()
    assert_close(batch.x, torch.tensor(X_SMALL))
    assert senders_of(batch.structure.edges) == [[0, 1], [0, 1], [2]]


def test_mapped_arrays_raise_no_warning(tmp_path, recwarn):
    collate(mapped(Graph(LOOPED, X_SMALL), tmp_path))
    assert not recwarn


def test_a_complete_diagonal_is_not_copied():
    graph = Graph(LOOPED, X)
    senders = collate(graph).structure.edges.senders
    assert senders.data_ptr() == graph.adjacency.indices.ctypes.data


def test_a_receptive_field_knows_the_nodes_that_each_layer_needs(senders_of):
    field = ReceptiveField(
        graph=Graph([[0, 2, 0], [0, 0, 2], [0, 0, 0]], X)[[0]],
        reach=(1, 2, 3),
        degree=np.array([3, 4, 5], np.float32),
        nodes=np.arange(3),
        whole=None,
    )
    batch = collate_field(field)
    assert senders_of(batch.structure.edges) == [[0, 1], [1, 2], [2]]
    assert batch.structure.reach == (1, 2, 3)
    assert batch.structure.degree.tolist() == [3, 4, 5]
    assert batch.targets.tolist() == [0]


def test_a_receptive_field_has_the_neighbourhoods_of_its_hops(senders_of):
    graph = Graph([[0, 1, 0], [0, 0, 1], [0, 0, 0]], X)
    field = ReceptiveField(graph[[0]], (1, 3), None, np.arange(3), graph)
    batch = collate_field(field, hops=(1, 2))
    assert senders_of(batch.structure.hops[2])[0] == [0, 1, 2]
    assert batch.structure.degree is None
