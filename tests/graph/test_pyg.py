import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from skattn.graph import Graph, graphs_from_pyg, graphs_to_pyg

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)


@pytest.fixture(scope="module")
def pyg():
    return pytest.importorskip(
        "torch_geometric.data", reason="torch_geometric is not installed"
    )


def path(pyg, **parts):
    """Return PyG data with the edges 0 to 1, 2 to 1 and 0 to 2, in this order."""
    edge_index = torch.tensor([[0, 2, 0], [1, 1, 2]])
    return pyg.Data(x=torch.from_numpy(X), edge_index=edge_index, **parts)


def assert_same(graph, expected):
    assert (graph.adjacency != expected.adjacency).nnz == 0
    assert graph.adjacency.indices.tolist() == expected.adjacency.indices.tolist()
    assert (graph.X is None) == (expected.X is None)
    if expected.X is not None:
        ours, theirs = (sp.csr_array(each.X).toarray() for each in (graph, expected))
        np.testing.assert_array_equal(ours, theirs)
        assert sp.issparse(graph.X) == sp.issparse(expected.X)
    assert graph.n_edge_features == expected.n_edge_features
    if expected.edge_features is not None:
        np.testing.assert_array_equal(graph.edge_features, expected.edge_features)


def test_a_target_attends_to_its_sources(pyg):
    (graph,) = graphs_from_pyg([path(pyg)])
    expected = [[0, 0, 0], [1, 0, 1], [1, 0, 0]]
    assert graph.adjacency.toarray().tolist() == expected
    assert graph.X.tolist() == X.tolist()
    assert graph.edge_features is None


def test_edge_attributes_and_weights_follow_their_edges(pyg):
    edge_attr = torch.tensor([[1], [2], [3]])
    data = path(pyg, edge_attr=edge_attr, edge_weight=torch.tensor([0.5, 2.0, 4.0]))
    (graph,) = graphs_from_pyg([data])
    expected = [[0, 0, 0], [0.5, 0, 2], [4, 0, 0]]
    assert graph.adjacency.toarray().tolist() == expected
    assert graph.edge_features.tolist() == [[1], [2], [3]]


def test_edge_attributes_are_put_in_the_order_of_the_receivers(pyg):
    data = pyg.Data(
        x=torch.from_numpy(X),
        edge_index=torch.tensor([[0, 2, 0], [2, 1, 1]]),
        edge_attr=torch.tensor([1.0, 2.0, 3.0]),
    )
    (graph,) = graphs_from_pyg([data])
    assert graph.adjacency.indices.tolist() == [0, 2, 0]  # 1 to 0 and 2, 2 to 0
    assert graph.edge_features.tolist() == [[3], [2], [1]]


def test_repeated_edges_are_summed_or_stay_parallel(pyg):
    twice = torch.tensor([[0, 0], [1, 1]])
    plain = pyg.Data(edge_index=twice, num_nodes=2)
    with_attributes = pyg.Data(
        edge_index=twice, num_nodes=2, edge_attr=torch.tensor([[1.0], [2.0]])
    )
    summed, parallel = graphs_from_pyg([plain, with_attributes])
    assert (summed.n_edges, summed.adjacency[1, 0]) == (1, 2)
    assert parallel.adjacency.data.tolist() == [1, 1]
    assert parallel.edge_features.tolist() == [[1], [2]]


def test_graphs_without_features_or_edges_keep_their_nodes(pyg):
    bare, isolated = graphs_from_pyg(
        [
            pyg.Data(edge_index=torch.tensor([[0], [1]]), num_nodes=4),
            pyg.Data(x=torch.from_numpy(X)),
        ]
    )
    assert (bare.n_nodes, bare.n_edges, bare.X) == (4, 1, None)
    assert (isolated.n_nodes, isolated.n_edges) == (3, 0)


def test_a_receiver_is_the_target_of_its_edges(pyg):
    graph = Graph([[0, 0, 0], [1, 0, 1], [1, 0, 0]], X)
    (data,) = graphs_to_pyg([graph])
    assert data.edge_index.tolist() == [[0, 2, 0], [1, 1, 2]]
    assert data.edge_index.dtype == torch.int64
    assert data.x.dtype == torch.float32
    assert sorted(data.keys()) == ["edge_index", "x"]
    data.validate()


def test_all_graphs_carry_weights_if_one_does(pyg):
    weighted, plain = Graph([[0, 3], [0, 0]]), Graph([[0, 1], [0, 0]])
    first, second = graphs_to_pyg([plain, weighted])
    assert (first.edge_weight.tolist(), second.edge_weight.tolist()) == ([1], [3])
    assert "edge_weight" not in graphs_to_pyg([plain])[0]
    assert pyg.Batch.from_data_list([first, second]).edge_weight.tolist() == [1, 3]


@pytest.mark.parametrize(
    "graphs",
    [
        [Graph([[0, 1], [1, 0]], X[:2]), Graph([[0]], X[:1])],
        [Graph([[0, 2.5], [0, 1]], X[:2]), Graph(np.zeros((2, 2)), X[1:])],
        [Graph([[0, 1, 1], [0, 0, 0], [1, 0, 0]], edge_features=[[3], [2], [1]])],
        [Graph(sp.coo_array(([1.0, 1.0], ([0, 0], [1, 1])), shape=(2, 2)), X[:2],
               edge_features=[[1.0, 2.0], [3.0, 4.0]])],
        [Graph(np.eye(3), sp.csr_array(X))],
        [Graph(np.zeros((3, 3)))],
    ],
    ids=["plain", "weighted", "edge features", "parallel", "sparse", "no features"],
)  # fmt: skip
def test_round_trip_returns_the_same_graphs(pyg, graphs):
    for graph, expected in zip(
        graphs_from_pyg(graphs_to_pyg(graphs)), graphs, strict=True
    ):
        assert_same(graph, expected)


def test_tensors_are_copies(pyg):
    graph = Graph([[0, 2.0], [0, 0]], X[:2].copy(), edge_features=[[1.0]])
    (data,) = graphs_to_pyg([graph])
    for tensor in (data.x, data.edge_attr, data.edge_weight):
        tensor.zero_()
    assert graph.X[0, 0] == graph.edge_features[0, 0] == 1
    assert graph.adjacency.data.tolist() == [2]


def test_frames_become_their_values(pyg):
    frame = pd.DataFrame(X, columns=["a", "b"])
    (data,) = graphs_to_pyg([Graph(np.eye(3), frame, nodes=list("abc"))])
    assert data.x.tolist() == X.tolist()


def test_labels_are_added_if_given(pyg):
    graphs = [Graph([[0]]), Graph([[0]])]
    classes = graphs_to_pyg(graphs, y=[3, 1])
    assert [data.y.tolist() for data in classes] == [[3], [1]]
    assert classes[0].y.dtype == torch.int64
    several = graphs_to_pyg(graphs, y=np.array([[0.5, 1.0], [2.0, 3.0]]))
    assert [data.y.tolist() for data in several] == [[[0.5, 1]], [[2, 3]]]
    assert several[0].y.dtype == torch.float32
    assert graphs_to_pyg(graphs)[0].y is None


def test_a_pyg_batch_is_refused(pyg):
    batch = pyg.Batch.from_data_list([path(pyg), path(pyg)])
    with pytest.raises(TypeError, match=r"got one \w*Batch.*to_data_list"):
        graphs_from_pyg(batch)
    assert len(graphs_from_pyg(batch.to_data_list())) == 2


def test_a_single_object_is_refused(pyg):
    with pytest.raises(TypeError, match=r"got one Data\. Pass \[data\]"):
        graphs_from_pyg(path(pyg))
    with pytest.raises(TypeError, match=r"got one Graph\. .*: \[graph\]"):
        graphs_to_pyg(Graph([[0]]))


def test_other_types_are_named_by_their_position(pyg):
    with pytest.raises(TypeError, match="got object at position 1"):
        graphs_from_pyg([path(pyg), object()])
    with pytest.raises(TypeError, match="got list at position 1"):
        graphs_to_pyg([Graph([[0]]), [[0]]])


def test_edges_in_adj_t_are_refused(pyg):
    data = pyg.Data(x=torch.from_numpy(X), adj_t=torch.eye(3).to_sparse())
    with pytest.raises(ValueError, match=r"number 0 holds them as adj_t.*ToSparse"):
        graphs_from_pyg([data])


def test_a_view_of_all_nodes_is_a_whole_graph(pyg):
    graph = Graph(np.eye(3), np.eye(3))
    (data,) = graphs_to_pyg([graph[[2, 1, 0]]])
    assert data.x.tolist() == graph.X.tolist()


def test_a_view_of_some_nodes_is_refused(pyg):
    graph = Graph(np.eye(3))
    with pytest.raises(ValueError, match=r"graph 0 is a view.*1 of its 3.*subgraph"):
        graphs_to_pyg([graph[[1]]])


@pytest.mark.parametrize("y", [[1], [1, 2, 3], 5])
def test_labels_must_be_one_per_graph(pyg, y):
    with pytest.raises(ValueError, match=r"one entry or row per graph \(2\)"):
        graphs_to_pyg([Graph([[0]]), Graph([[0]])], y=y)


def test_labels_must_be_numbers(pyg):
    with pytest.raises(TypeError, match=r"y must hold numbers.*LabelEncoder"):
        graphs_to_pyg([Graph([[0]])], y=["toxic"])


def test_without_pyg_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_geometric.data", None)
    with pytest.raises(ImportError, match="pip install torch_geometric"):
        graphs_to_pyg([Graph([[0]])])


def test_empty_and_missing_edges_are_none(pyg):
    x = torch.eye(3)
    for edges in (None, torch.tensor([]), torch.empty(0, 2), torch.empty(2, 0)):
        (graph,) = graphs_from_pyg([pyg.Data(x=x, edge_index=edges)])
        assert (graph.n_nodes, graph.n_edges) == (3, 0)


def test_fields_of_one_dimension_are_columns(pyg):
    edges = torch.tensor([[0], [1]])
    data = pyg.Data(
        x=torch.tensor([5.0, 6.0]), edge_index=edges, edge_attr=torch.tensor([7.0])
    )
    data.edge_weight = None
    (graph,) = graphs_from_pyg([data])
    assert graph.X.tolist() == [[5], [6]]
    assert graph.edge_features.tolist() == [[7]]


def test_bfloat16_and_gradients_are_read(pyg):
    x = torch.tensor([[1.5], [2.0]], dtype=torch.bfloat16, requires_grad=True)
    (graph,) = graphs_from_pyg([pyg.Data(x=x, edge_index=torch.tensor([[0], [1]]))])
    assert graph.X.tolist() == [[1.5], [2.0]]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"edge_index": torch.tensor([[0, 1], [1, 2], [2, 0]])}, r"Use edge_index.t\("),
        (
            {"edge_index": torch.tensor([0, 1])},
            r"edge_index must be of shape \(2, n_ed",
        ),
        ({"edge_index": torch.tensor([[0.0], [1.0]])}, "edge_index must hold integers"),
        ({"edge_index": torch.tensor([[0], [3]])}, r"0 .. 2, .* from 0 to 3"),
        ({"edge_index": torch.tensor([[0], [-1]])}, r"0 .. 2, .* from -1 to 0"),
        ({"edge_weight": torch.ones(2)}, r"edge_weight must have one number per edge"),
        ({"edge_attr": torch.ones(2, 1)}, "edge_features must have one row"),
        ({"x": torch.ones(3, 1, 1)}, "X must be two-dimensional"),
    ],
)
def test_odd_fields_are_errors_with_the_graph_and_the_field(pyg, fields, message):
    good = {"x": torch.eye(3), "edge_index": torch.tensor([[0], [1]])}
    data = [pyg.Data(**good), pyg.Data(**good | fields)]
    with pytest.raises(ValueError, match="At position 1 of data_list: .*" + message):
        graphs_from_pyg(data)


@pytest.mark.parametrize("name", ["x", "edge_index", "edge_attr", "edge_weight"])
def test_fields_must_be_tensors(pyg, name):
    fields = {"x": torch.eye(3), "edge_index": torch.tensor([[0], [1]]), name: "text"}
    with pytest.raises(TypeError, match=f"{name} must be a tensor or None, got str"):
        graphs_from_pyg([pyg.Data(**fields)])


@pytest.mark.parametrize("nothing", [None, "file.pt", {"x": 1}, 3])
def test_input_that_is_no_list_is_refused(nothing):
    with pytest.raises(TypeError, match="data_list must be a list of PyG's Data, got"):
        graphs_from_pyg(nothing)


@pytest.mark.parametrize("u", [torch.tensor([[1.0, 2.0]]), torch.tensor([1, 2])])
def test_the_global_attribute_becomes_the_descriptors_and_back(pyg, u):
    (graph,) = graphs_from_pyg([path(pyg, u=u)])
    assert graph.descriptors.tolist() == [1, 2]
    (data,) = graphs_to_pyg([graph])
    assert data.u.tolist() == [[1, 2]]
    assert data.u.dtype == torch.float32
    (data,) = graphs_to_pyg([graph.with_descriptors(None)])
    assert "u" not in data


def test_a_global_attribute_of_several_rows_is_an_error(pyg):
    with pytest.raises(ValueError, match=r"position 0 .*\(1, n_descr.*got \(2, 1\)"):
        graphs_from_pyg([path(pyg, u=torch.ones(2, 1))])


def academic(pyg):
    """Return three papers, two authors and three relations as HeteroData."""
    data = pyg.HeteroData()
    data["paper"].x = torch.ones(3, 2)
    data["author"].x = torch.full((2, 3), 2.0)
    data["author", "to", "paper"].edge_index = torch.tensor([[0, 1, 1], [0, 1, 2]])
    data["paper", "to", "author"].edge_index = torch.tensor([[0, 1, 2], [0, 1, 1]])
    data["paper", "cites", "paper"].edge_index = torch.tensor([[0, 0], [1, 2]])
    return data


def test_heterogeneous_data_have_types_and_columns_of_their_own(pyg):
    (graph,) = graphs_from_pyg([academic(pyg)])
    assert graph.node_types.tolist() == ["paper"] * 3 + ["author"] * 2
    assert graph.X.tolist() == [[1, 1, 0, 0, 0]] * 3 + [[0, 0, 2, 2, 2]] * 2
    names = {"author__to__paper", "paper__to__author", "cites"}
    assert set(graph.edge_types) == names
    senders = graph.adjacency.indices[graph.edge_types == "cites"]
    assert senders.tolist() == [0, 0]  # papers 1 and 2 attend to the cited paper


def test_heterogeneous_data_come_back_as_they_were(pyg):
    data = academic(pyg)
    data["u"] = torch.tensor([[3.0]])
    for store in data.edge_types:
        n_edges = data[store].edge_index.shape[1]
        data[store].edge_attr = torch.arange(n_edges)[:, None].float()
    (back,) = graphs_to_pyg(graphs_from_pyg([data]))
    assert back.node_types == data.node_types
    assert set(back.edge_types) == set(data.edge_types)
    assert back["u"].tolist() == [[3]]
    for store in data.edge_types:
        ours, theirs = back[store], data[store]
        assert ours.edge_index.tolist() == theirs.edge_index.tolist()
        assert ours.edge_attr.tolist() == theirs.edge_attr.tolist()
    for name in data.node_types:
        assert back[name].x.tolist() == data[name].x.tolist()


def test_types_of_edges_alone_have_one_type_of_nodes(pyg):
    data = pyg.Data(
        edge_index=torch.tensor([[0, 0], [1, 1]]),
        edge_type=torch.tensor([0, 1]),
        num_nodes=2,
    )
    (graph,) = graphs_from_pyg([data])
    assert graph.edge_types.tolist() == [0, 1]
    (hetero,) = graphs_to_pyg([graph])
    assert hetero.edge_types == [("node", "0", "node"), ("node", "1", "node")]
    assert hetero["node"].num_nodes == 2


def test_wrong_heterogeneous_data_are_refused(pyg):
    data = academic(pyg)
    data["author", "to", "paper"].edge_index = torch.tensor([[0], [7]])
    with pytest.raises(ValueError, match=r"the nodes of type 'paper'"):
        graphs_from_pyg([data])
    data = academic(pyg)
    data["paper", "cites", "paper"].edge_attr = torch.ones(2, 1)
    with pytest.raises(ValueError, match="equally many columns for all edge types"):
        graphs_from_pyg([data])
