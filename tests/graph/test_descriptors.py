import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.preprocessing import StandardScaler

from skattn import Graph
from skattn.graph._collection import GraphCollection
from skattn.preprocessing import EdgeTransformer, NodeTransformer

PAIR = [[0, 1], [1, 0]]


def pair(descriptors=None, **parts):
    return Graph(PAIR, np.eye(2), descriptors=descriptors, **parts)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([300, 1.5], None),
        (np.array([300, 1.5], np.float32), None),
        (pd.Series([300, 1.5]), None),
        ({"kelvin": 300, "pH": 1.5}, ("kelvin", "pH")),
        (pd.Series([300, 1.5], index=["kelvin", "pH"]), ("kelvin", "pH")),
        (pd.Series([300, 1.5], index=["kelvin", "pH"], dtype=object), ("kelvin", "pH")),
    ],
)
def test_descriptors_are_numbers_with_or_without_names(given, names):
    for graph in (
        pair(given),
        pair().with_descriptors(given),
        Graph.from_edges([(0, 1)], nodes=2, descriptors=given),
    ):
        assert_array_equal(graph.descriptors, [300, 1.5])
        assert graph.descriptors.dtype == np.float64
        assert graph.descriptor_names == names
        assert graph.n_descriptors == 2


def test_a_graph_without_descriptors_has_none():
    for graph in (pair(), pair([1.0]).with_descriptors(None)):
        assert graph.descriptors is graph.descriptor_names is None
        assert graph.n_descriptors == 0


def test_rows_of_a_frame_are_named():
    frame = pd.DataFrame({"kelvin": [290.0, 310.0], "solvent": [1, 0]})
    graphs = [pair().with_descriptors(row) for _, row in frame.iterrows()]
    assert graphs[1].descriptors.tolist() == [310.0, 0.0]
    assert graphs[1].descriptor_names == ("kelvin", "solvent")


def test_later_changes_of_the_given_array_do_not_reach_the_graph():
    given = np.array([1.0, 2.0])
    graph = pair(given)
    given[:] = 0
    assert graph.descriptors.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (3.0, ValueError, r"one-dimensional.*got shape \(\).*\[value\]"),
        ([[1.0, 2.0]], ValueError, r"got shape \(1, 2\).*ravel"),
        ([], ValueError, "at least one number, got none. Use descriptors=None"),
        (["warm"], TypeError, "descriptors must hold numbers, got the text 'warm'"),
        ([1j], TypeError, "real numbers"),
        ({3: 1.0}, TypeError, "Names of descriptors must be text, got 3"),
        (
            pd.Series([1, 2], index=["a", "a"]),
            ValueError,
            "must be unique, got 'a' more than once",
        ),
        (np.array(["2020-01-01"], "datetime64[D]"), TypeError, "dates"),
    ],
)
def test_other_descriptors_are_refused(given, kind, message):
    with pytest.raises(kind, match=message):
        pair(given)
    with pytest.raises(kind, match=message):
        pair().with_descriptors(given)


def test_missing_values_are_kept_until_a_fit():
    assert np.isnan(pair([None, np.nan]).descriptors).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda graph: graph[[0]],
        lambda graph: graph[[0]].subgraph(),
        lambda graph: graph.subgraph([1]),
        lambda graph: graph.with_features(None),
        lambda graph: graph[[1]].with_features(np.zeros((2, 1))),
        copy.copy,
        copy.deepcopy,
        lambda graph: pickle.loads(pickle.dumps(graph)),
    ],
)
def test_views_parts_and_copies_keep_the_descriptors(change):
    changed = change(pair({"kelvin": 300.0}))
    assert changed.descriptors.tolist() == [300.0]
    assert changed.descriptor_names == ("kelvin",)


def test_transformers_of_features_keep_the_descriptors():
    graph = pair({"kelvin": 300.0}, edge_features=[1.0, 2.0])
    for transformer in (NodeTransformer, EdgeTransformer):
        for out in (
            transformer(StandardScaler()).fit_transform(graph),
            transformer(StandardScaler()).fit_transform([graph, graph])[1],
        ):
            assert out.descriptor_names == ("kelvin",)


def test_other_descriptors_keep_targets_and_all_else():
    graph = pair([1.0], nodes=["a", "b"], edge_features=[5.0, 6.0])[[1]]
    changed = graph.with_descriptors([2.0])
    assert changed.targets.tolist() == [1]
    assert changed.is_view
    assert changed.adjacency is graph.adjacency
    assert changed.edge_features is graph.edge_features
    assert changed.base.descriptors.tolist() == [2.0]
    assert graph.descriptors.tolist() == [1.0]


@pytest.mark.parametrize("descriptors", [[1.0, np.nan], {"kelvin": 300.0}])
def test_files_keep_the_descriptors(descriptors, round_trip, mmap):
    graph = pair(descriptors)
    for each in (graph, graph[[1]]):
        again = round_trip(each, mmap=mmap)
        assert_array_equal(again.descriptors, graph.descriptors)
        assert again.descriptor_names == graph.descriptor_names
        again = pickle.loads(pickle.dumps(again))
        assert_array_equal(again.descriptors, graph.descriptors)


def test_the_repr_counts_descriptors():
    assert repr(pair([1.0, 2.0])) == (
        "Graph(n_nodes=2, n_edges=2, n_features=2, n_descriptors=2)"
    )


def test_a_union_of_graphs_with_descriptors_is_refused():
    with pytest.raises(ValueError, match=r"got some on graph 1.*with_descriptors"):
        Graph.union([pair(), pair([1.0])])


def test_graphs_of_a_collection_are_aligned_by_the_names_of_the_first():
    one, two = pair({"a": 1, "b": 2}), pair({"b": 4, "a": 3})
    collection = GraphCollection.of([one, two])
    assert_array_equal(collection.descriptors.values, [[1, 2], [3, 4]])
    assert collection.descriptors.names == ("a", "b")
    assert collection[[1]].with_features(np.zeros((4, 1))).n_descriptors == 2
    assert "n_descriptors=2" in repr(collection)


@pytest.mark.parametrize(
    ("one", "two", "message"),
    [
        ([1, 2], [1], "graph 2 has 1 descriptor where graph 0 has 2 descriptors"),
        ([1, 2], None, "graph 2 has no descriptors where graph 0 has 2 descriptors"),
        (None, [1, 2], "graph 2 has 2 descriptors where graph 0 has no descriptors"),
        ({"a": 1}, [1], "graph 2 has descriptors without names where graph 0 has desc"),
        ([1], {"a": 1}, "graph 2 has descriptors with names where graph 0 has descr"),
        ({"a": 1}, {"b": 1}, "graph 2 has the descriptor 'b' where graph 0 has 'a'"),
    ],
)
def test_graphs_that_differ_in_descriptors_are_an_error_with_the_number(
    one, two, message
):
    with pytest.raises(ValueError, match=message + r".*with_descriptors"):
        GraphCollection.of([pair(one), pair(one), pair(two)])
