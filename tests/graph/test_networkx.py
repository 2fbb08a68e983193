import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph


def test_source_of_an_edge_attends_to_its_target():
    graph = Graph.from_networkx(nx.DiGraph([("a", "b")]))
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 1], [0, 0]])
    assert list(graph.nodes) == ["a", "b"]


def test_features_are_aligned_with_the_nodes():
    given_ = nx.Graph([("c", "a"), ("a", "b")])
    X = pd.DataFrame({"f": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
    assert Graph.from_networkx(given_, X).X["f"].tolist() == [3, 1, 2]
    assert Graph.from_networkx(given_, X.to_numpy()).X.ravel().tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match=r"index of X .*got 'd' and no 'c'"):
        Graph.from_networkx(given_, X.rename(index={"c": "d"}))


def test_features_are_aligned_with_numbered_nodes():
    X = pd.DataFrame({"f": [1.0, 2.0, 3.0]}, index=[2, 0, 1])
    assert Graph.from_networkx(nx.path_graph(3), X).X["f"].tolist() == [2, 3, 1]
    text = X.set_axis(list("abc"))
    assert Graph.from_networkx(nx.path_graph(3), text).X["f"].tolist() == [1, 2, 3]
    moved = nx.Graph([(2, 0), (0, 1)])
    assert Graph.from_networkx(moved, X.iloc[::-1]).X["f"].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="which may be both"):
        Graph.from_networkx(moved, X.reset_index(drop=True))


def test_undirected_graph_is_symmetric():
    graph = Graph.from_networkx(nx.path_graph(3))
    np.testing.assert_array_equal(
        graph.adjacency.toarray(), [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    )
    assert graph.nodes is None


def test_attributes_become_weights_and_features():
    given_ = nx.DiGraph()
    given_.add_node("b", age=3, size=4)
    given_.add_node("a", age=1, size=2)
    given_.add_edge("a", "b", weight=0.5, km=8)
    graph = Graph.from_networkx(
        given_, node_attributes=["size", "age"], edge_attributes=["km"]
    )
    np.testing.assert_array_equal(graph.X, [[4, 3], [2, 1]])
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 0], [0.5, 0]])
    np.testing.assert_array_equal(graph.edge_features, [[8]])
    assert not Graph.from_networkx(given_, weight=None).is_weighted


def test_parallel_edges_are_summed_or_kept():
    given_ = nx.MultiDiGraph()
    given_.add_edge("a", "b", km=1)
    given_.add_edge("a", "b", km=2)
    assert Graph.from_networkx(given_).adjacency[0, 1] == 2
    assert Graph.from_networkx(given_, edge_attributes=["km"]).n_edges == 2


def test_tuple_labels_are_kept():
    graph = Graph.from_networkx(nx.grid_2d_graph(2, 2))
    assert list(graph.nodes) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_graph_without_edges_or_nodes_is_valid():
    assert Graph.from_networkx(nx.empty_graph(3)).n_nodes == 3
    assert Graph.from_networkx(nx.Graph()).n_nodes == 0


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="must be a networkx graph, got ndarray"):
        Graph.from_networkx(np.eye(2))


def test_missing_attribute_is_named():
    message = r"attribute 'age' must be set at every node, is missing at node 1 \(1 of"
    graph = nx.path_graph(2)
    graph.nodes[0]["age"] = 3
    with pytest.raises(ValueError, match=message):
        Graph.from_networkx(graph, node_attributes=["age"])
    graph.nodes[1]["age"] = None
    with pytest.raises(ValueError, match=message):
        Graph.from_networkx(graph, node_attributes=["age"])


def test_vectors_at_nodes_and_edges_become_columns():
    graph = nx.DiGraph()
    graph.add_node("a", x=[1.0, 2.0], size=3)
    graph.add_node("b", x=torch.tensor([4.0, 5.0], requires_grad=False), size="6")
    graph.add_edge("a", "b", kind=np.array([7, 8]))
    made = Graph.from_networkx(
        graph, node_attributes=["x", "size"], edge_attributes=["kind"]
    )
    assert made.X.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert made.edge_features.tolist() == [[7, 8]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0], r"as many numbers at node 1 as at node 0 \(2\), got 1"),
        (7, r"as many numbers at node 1 as at node 0 \(2\), got 1"),
        ([1.0, "b"], "'x' must hold a number or a vector of numbers, got .* at node 1"),
        ([[1.0], [2.0, 3.0]], "a vector of numbers, got .* at node 1"),
        (np.datetime64("2020-01-01"), "a vector of numbers, got .* at node 1"),
        (torch.ones(2, requires_grad=True), "a vector of numbers, got .* at node 1"),
    ],
)
def test_other_attributes_are_errors_with_node_and_attribute(value, message):
    graph = nx.path_graph(2)
    nx.set_node_attributes(graph, {0: [1.0, 2.0], 1: value}, "x")
    with pytest.raises(ValueError, match=message):
        Graph.from_networkx(graph, node_attributes=["x"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], r"'weight' of every edge must be one number.*got 2 at edge \(1, 2\)"),
        ("heavy", r"'weight' must hold a number.*got 'heavy' at edge \(1, 2\)"),
        (None, r"'weight' must hold a number.*got None at edge \(1, 2\)"),
    ],
)
def test_a_weight_that_is_no_number_is_an_error_with_its_edge(value, message):
    graph = nx.path_graph(3)
    graph.edges[1, 2]["weight"] = value
    with pytest.raises(ValueError, match=message):
        Graph.from_networkx(graph)


def test_names_of_attributes_must_be_in_a_list():
    with pytest.raises(TypeError, match=r"node_attributes must be a list.*\['age'\]"):
        Graph.from_networkx(nx.path_graph(2), node_attributes="age")


def test_features_from_two_arguments_are_refused():
    with pytest.raises(ValueError, match="got both"):
        Graph.from_networkx(nx.path_graph(2), np.eye(2), node_attributes=["age"])


def test_networkx_gets_labels_features_and_weights():
    X = pd.DataFrame({"age": [3.0, 4.0]})
    made = Graph([[0, 2], [0, 0]], X, nodes=["a", "b"]).to_networkx()
    assert type(made) is nx.DiGraph
    assert dict(made.nodes(data=True)) == {"a": {"age": 3.0}, "b": {"age": 4.0}}
    assert list(made.edges(data=True)) == [("a", "b", {"weight": 2.0})]


def test_networkx_of_a_view_is_the_whole_graph():
    made = Graph([[0, 1], [0, 0]], sparse.csr_array(np.eye(2)))[[0]].to_networkx()
    assert dict(made.nodes(data=True))[1] == {"x0": 0.0, "x1": 1.0}


def test_parallel_edges_make_a_multigraph():
    entries = sparse.coo_array((np.ones(2), ([0, 0], [1, 1])), shape=(2, 2))
    made = Graph(entries, edge_features=[3, 4]).to_networkx()
    assert isinstance(made, nx.MultiDiGraph)
    assert [held["e0"] for *_, held in made.edges(data=True)] == [3, 4]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=n, max_size=n
        )
    )
)
def test_round_trip_gives_the_same_graph(rows):
    dense = np.array(rows, dtype=float).reshape(len(rows), len(rows))
    graph = Graph(dense, np.eye(len(rows)))
    names = [f"x{k}" for k in range(len(rows))]
    back = Graph.from_networkx(graph.to_networkx(), node_attributes=names)
    np.testing.assert_array_equal(back.adjacency.toarray(), dense)
    np.testing.assert_array_equal(back.X, graph.X)


def test_attributes_of_the_graph_become_named_descriptors():
    given_ = nx.path_graph(2)
    given_.graph.update(kelvin=300, shape=[1.0, 2.0], name="p", vector=np.array([5]))
    made = Graph.from_networkx(given_, graph_attributes=["shape", "kelvin", "vector"])
    assert made.descriptors.tolist() == [1, 2, 300, 5]
    assert made.descriptor_names == ("shape_0", "shape_1", "kelvin", "vector_0")
    assert Graph.from_networkx(given_).descriptors is None


@pytest.mark.parametrize(
    ("names", "kind", "message"),
    [
        (["pH"], ValueError, "'pH' must be set at every graph, is missing at the gr"),
        (["name"], ValueError, "'name' must hold a number .* got 'p' at the graph"),
        ("kelvin", TypeError, r"graph_attributes must be a list.*\['kelvin'\]"),
    ],
)
def test_other_attributes_of_the_graph_are_an_error(names, kind, message):
    given_ = nx.path_graph(2)
    given_.graph.update(name="p", kelvin=1)
    with pytest.raises(kind, match=message):
        Graph.from_networkx(given_, graph_attributes=names)


def test_descriptors_become_attributes_of_the_graph():
    graph = Graph([[0, 1], [0, 0]], descriptors={"kelvin": 300.0})
    made = graph.to_networkx()
    assert made.graph == {"kelvin": 300.0}
    again = Graph.from_networkx(made, graph_attributes=["kelvin"])
    assert again.descriptors.tolist() == [300.0]
    assert graph.with_descriptors([1, 2]).to_networkx().graph == {"d0": 1, "d1": 2}


def test_types_are_attributes_of_edges_and_nodes():
    graph = Graph(
        [[0, 1], [1, 0]], edge_types=["cites", "uses"], node_types=["paper", "author"]
    )
    made = graph.to_networkx()
    assert made.edges[0, 1]["edge_type"] == "cites"
    assert made.nodes[1]["node_type"] == "author"
    back = Graph.from_networkx(made, edge_types="edge_type", node_types="node_type")
    assert back.edge_types.tolist() == ["cites", "uses"]
    assert back.node_types.tolist() == ["paper", "author"]


def test_keys_of_a_multigraph_are_types():
    multi = nx.MultiGraph()
    multi.add_edges_from([(0, 1, "road"), (0, 1, "rail"), (1, 2, "road")])
    graph = Graph.from_networkx(multi, edge_types="key")
    assert graph.n_edges == 6
    assert sorted(graph.edge_types) == ["rail"] * 2 + ["road"] * 4
    again = Graph.from_networkx(graph.to_networkx(), edge_types="edge_type")
    assert again.edge_types.tolist() == graph.edge_types.tolist()


def test_every_edge_has_the_attribute_of_the_type():
    graph = nx.Graph([(0, 1)])
    with pytest.raises(ValueError, match=r"'kind' must be set at every edge"):
        Graph.from_networkx(graph, edge_types="kind")
    with pytest.raises(ValueError, match=r"'kind' must be set at every node"):
        Graph.from_networkx(graph, node_types="kind")
