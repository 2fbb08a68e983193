import numpy as np
import pandas as pd
import polars as pl
import pytest

from skattn.graph import Graph

A_TO_B = [[0, 1], [0, 0]]


def dense(edges, **options):
    return Graph.from_edges(edges, nodes=["a", "b"], **options).adjacency.toarray()


@pytest.mark.parametrize(
    "columns",
    [
        {"edge_id": [7], "source": ["a"], "target": ["b"]},
        {"target": ["b"], "source": ["a"]},
        {"Id": [0], "Target": ["b"], "Type": ["Directed"], "Source": ["a"]},
        {"dst": ["b"], "src": ["a"]},
        {"sender": ["b"], "receiver": ["a"], "year": [1999]},
        {"to": ["b"], "from": ["a"]},
        {"u": ["a"], "v": ["b"]},
    ],
)
@pytest.mark.parametrize("library", [pd, pl])
def test_ends_are_found_by_name_or_as_the_only_columns(columns, library):
    np.testing.assert_array_equal(dense(library.DataFrame(columns)), A_TO_B)


@pytest.mark.parametrize("library", [pd, pl])
def test_columns_of_the_ends_can_be_named(library):
    edges = library.DataFrame({"kind": [1], "cited": ["b"], "citing": ["a"]})
    graph = dense(edges, source="citing", target="cited")
    np.testing.assert_array_equal(graph, A_TO_B)
    numbered = pd.DataFrame([["x", "b", "a"]])
    np.testing.assert_array_equal(dense(numbered, source=2, target=1), A_TO_B)


@pytest.mark.parametrize(
    "columns",
    [
        {"id": [7], "u": ["a"], "v": ["b"]},
        {"u": ["a"], "v": ["b"], "w": [2.0], "km": [1.0]},
        {"source": ["a"], "target": ["b"], "from": ["a"], "to": ["b"]},
    ],
)
def test_more_columns_than_two_without_known_names_are_refused(columns):
    with pytest.raises(ValueError, match=r"two columns .*source=\.\.\., target="):
        dense(pd.DataFrame(columns), weights="w" if "km" in columns else None)


def test_columns_of_weights_and_features_are_no_ends():
    edges = pd.DataFrame({"w": [2.0], "u": ["a"], "km": [5.0], "v": ["b"]})
    graph = Graph.from_edges(edges, weights="w", edge_features=["km"])
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 2], [0, 0]])
    assert graph.edge_features.tolist() == [[5]]


def test_names_of_the_ends_must_be_two_columns_of_a_frame():
    edges = pd.DataFrame({"u": ["a"], "v": ["b"]})
    with pytest.raises(ValueError, match="given together, got source='u'"):
        dense(edges, source="u")
    with pytest.raises(ValueError, match=r"none called \['w'\]"):
        dense(edges, source="u", target="w")
    with pytest.raises(ValueError, match="must be a DataFrame"):
        dense([("a", "b")], source="u", target="v")
    repeated = pd.DataFrame([["a", "b", "b"]], columns=["u", "u", "v"])
    with pytest.raises(ValueError, match=r"several called \['u'\]"):
        dense(repeated, source="u", target="v")


def test_columns_keep_their_types():
    edges = pd.DataFrame({"user": [1], "item": ["b"]})
    graph = Graph.from_edges(edges, nodes=[1, "b"])
    np.testing.assert_array_equal(graph.adjacency.toarray(), A_TO_B)


def test_weights_and_features_are_aligned_with_the_rows_of_the_table():
    edges = pd.DataFrame({"u": ["a", "b"], "v": ["b", "a"]}, index=["ab", "ba"])
    weights = pd.Series([3.0, 2.0], index=["ba", "ab"])
    km = pd.DataFrame({"km": [30.0, 20.0]}, index=["ba", "ab"])
    graph = Graph.from_edges(edges, weights=weights, edge_features=km)
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 2], [3, 0]])
    np.testing.assert_array_equal(graph.edge_features, [[20], [30]])
    with pytest.raises(ValueError, match=r"index of weights .*rows of edges .*'x'"):
        Graph.from_edges(edges, weights=weights.rename({"ba": "x"}))


def test_row_numbers_of_a_table_align_sorted_weights_alone():
    edges = pd.DataFrame({"u": ["a", "b"], "v": ["b", "a"]})
    by_size = pd.Series([3.0, 2.0]).sort_values()
    assert list(by_size.index) == [1, 0]
    np.testing.assert_array_equal(dense(edges, weights=by_size), [[0, 3], [2, 0]])
    text = by_size.set_axis(["x", "y"])
    np.testing.assert_array_equal(dense(edges, weights=text), [[0, 2], [3, 0]])
    rest = edges.set_axis([7, 9])
    np.testing.assert_array_equal(
        dense(rest, weights=pd.Series([3.0, 2.0])), [[0, 3], [2, 0]]
    )
