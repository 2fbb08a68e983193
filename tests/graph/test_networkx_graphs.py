import networkx as nx
import numpy as np
import pytest

from skattn.graph import graphs_from_networkx
from skattn.graph._collection import GraphCollection


def molecule(*sizes):
    graph = nx.path_graph(len(sizes))
    for node, size in enumerate(sizes):
        graph.nodes[node]["size"] = size
    nx.set_edge_attributes(graph, 2, "order")
    return graph


def test_each_graph_becomes_one():
    graphs = graphs_from_networkx(
        iter([molecule(5), molecule(6, 7)]),
        node_attributes=["size"],
        edge_attributes=["order"],
        weight=None,
    )
    assert [graph.X.ravel().tolist() for graph in graphs] == [[5], [6, 7]]
    assert [graph.edge_features.ravel().tolist() for graph in graphs] == [[], [2, 2]]
    assert GraphCollection.of(graphs).n_nodes == 3


def test_names_of_nodes_may_repeat_between_graphs():
    given = [nx.DiGraph([("a", "b")]), nx.DiGraph([("a", "b")])]
    collection = GraphCollection.of(graphs_from_networkx(given))
    np.testing.assert_array_equal(collection.whole.adjacency.indices, [1, 3])


def test_weight_is_named():
    (graph,) = graphs_from_networkx([nx.Graph([("a", "b", {"km": 3})])], weight="km")
    assert graph.adjacency.data.tolist() == [3, 3]


def test_graph_that_lacks_an_attribute_is_named_by_its_position():
    given = [molecule(1), molecule(1, 2), nx.path_graph(2)]
    with pytest.raises(
        ValueError, match=r"At position 2 of graphs: The attribute 'size' must be set"
    ):
        graphs_from_networkx(given, node_attributes=["size"])


def test_other_types_are_named_by_their_position():
    with pytest.raises(TypeError, match=r"At position 1 .*networkx graph, got ndarray"):
        graphs_from_networkx([molecule(1), np.eye(2)])


def test_single_graph_must_be_in_a_list():
    with pytest.raises(TypeError, match=r"got one graph.*Graph\.from_networkx"):
        graphs_from_networkx(molecule(1, 2))


@pytest.mark.parametrize("nothing", [None, "file.gml", {"a": 1}, 3])
def test_input_that_is_no_list_is_refused(nothing):
    with pytest.raises(TypeError, match="graphs must be a list of networkx graphs"):
        graphs_from_networkx(nothing)


def test_a_ragged_attribute_names_graph_node_and_attribute():
    good, odd = nx.path_graph(2), nx.path_graph(2)
    nx.set_node_attributes(good, {0: [1, 2], 1: [3, 4]}, "x")
    nx.set_node_attributes(odd, {0: [1, 2], 1: [3]}, "x")
    message = "position 1 of graphs: The attribute 'x' .* at node 1 as at node 0"
    with pytest.raises(ValueError, match=message):
        graphs_from_networkx([good, odd], node_attributes=["x"])


def test_attributes_of_each_graph_become_its_descriptors():
    given_ = [nx.path_graph(2), nx.path_graph(3)]
    for kelvin, each in zip([290, 310], given_, strict=True):
        each.graph["kelvin"] = kelvin
    made = graphs_from_networkx(given_, graph_attributes=["kelvin"])
    assert [graph.descriptors.tolist() for graph in made] == [[290], [310]]
    del given_[1].graph["kelvin"]
    with pytest.raises(ValueError, match=r"position 1 of graphs: .*'kelvin'"):
        graphs_from_networkx(given_, graph_attributes=["kelvin"])
