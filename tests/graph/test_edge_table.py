import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skattn.graph import Graph


def test_first_node_of_a_row_attends_to_the_second():
    graph = Graph.from_edges(np.array([[0, 1], [2, 1]]), nodes=3)
    np.testing.assert_array_equal(
        graph.adjacency.toarray(), [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
    )
    assert graph.nodes is None


def test_features_determine_the_number_of_nodes():
    assert Graph.from_edges([(0, 1)], np.ones((5, 2))).n_nodes == 5


def test_labels_are_converted_to_positions():
    nodes = pd.Index(["c", "a", "b"], name="site")
    graph = Graph.from_edges([("a", "b"), ("c", "a")], nodes=nodes)
    np.testing.assert_array_equal(
        graph.adjacency.toarray(), [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    )
    assert graph.nodes.name == "site"


def test_labels_default_to_the_sorted_ones_of_the_edges():
    graph = Graph.from_edges([("b", "a"), ("c", "a")])
    assert list(graph.nodes) == ["a", "b", "c"]


def test_index_of_a_frame_labels_the_nodes():
    X = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index([30, 10], name="id"))
    graph = Graph.from_edges(np.array([[10, 30]]), X)
    assert list(graph.nodes) == [30, 10]
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 0], [1, 0]])


def test_default_index_of_a_frame_is_not_used_as_labels():
    graph = Graph.from_edges([(0, 1)], pd.DataFrame({"x": [1.0, 2.0]}))
    assert graph.nodes is None


def test_undirected_rows_go_both_ways_and_loops_once():
    graph = Graph.from_edges(
        [(0, 1), (2, 2)], nodes=3, directed=False, weights=[5, 7], edge_features=[1, 2]
    )
    np.testing.assert_array_equal(
        graph.adjacency.toarray(), [[0, 5, 0], [5, 0, 0], [0, 0, 7]]
    )
    np.testing.assert_array_equal(graph.edge_features.ravel(), [1, 1, 2])


def test_columns_of_a_frame_are_taken_by_name():
    edges = pd.DataFrame(
        {"from": ["a", "b"], "to": ["b", "a"], "w": [2.0, 3.0], "km": [7, 9]}
    )
    graph = Graph.from_edges(edges, weights="w", edge_features=["km"])
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 2], [3, 0]])
    np.testing.assert_array_equal(graph.edge_features, [[7], [9]])


def test_rows_of_the_same_edge_are_summed_with_a_warning():
    rows = [(0, 1), (1, 1), (0, 1), (0, 1), (1, 0)]
    with pytest.warns(UserWarning, match="2 of 5 rows of edges repeat an edge"):
        graph = Graph.from_edges(rows, nodes=2)
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 3], [1, 1]])
    with pytest.warns(UserWarning, match="1 of 2 rows") as raised:
        graph = Graph.from_edges([("a", "b")] * 2, weights=[1, 2.5])
    assert graph.adjacency[0, 1] == 3.5
    assert raised[0].filename == __file__


@pytest.mark.parametrize(
    ("edges", "count"),
    [
        (pd.DataFrame({"u": ["a", "b", "c"], "v": ["b", None, None]}), "2 of 3"),
        (pd.DataFrame({"u": [0, None], "v": [1, 0]}, dtype="Int64"), "1 of 2"),
        (pd.DataFrame({"u": pd.to_datetime(["2024-01-01", None])}).assign(v=0), "1 of"),
        (np.array([[0, 1], [np.nan, np.nan], [1, 0]]), "1 of 3"),
        ([(0, 1), (None, 0), (1, float("nan"))], "2 of 3"),
    ],
)
def test_missing_ends_are_refused_with_their_count(edges, count):
    with pytest.raises(ValueError, match=f"got {count}.* missing .*position 1"):
        Graph.from_edges(edges, nodes=4)
    with pytest.raises(ValueError, match=f"got {count}.* missing"):
        Graph.from_edges(edges)


@pytest.mark.filterwarnings("error")
def test_rows_of_the_same_edge_stay_parallel_with_features():
    graph = Graph.from_edges([(0, 1), (0, 1)], nodes=2, edge_features=[4, 3])
    np.testing.assert_array_equal(graph.edge_features.ravel(), [4, 3])


@pytest.mark.parametrize(
    "edges", [[], np.empty((0, 2)), pd.DataFrame(columns=["u", "v"])]
)
def test_no_edges_are_valid(edges):
    assert Graph.from_edges(edges, nodes=4).n_edges == 0
    assert Graph.from_edges(edges, nodes=["a"]).n_edges == 0


@pytest.mark.filterwarnings("ignore:.*repeat an edge")
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_relabelling_permutes_the_matrix(data):
    n_nodes = data.draw(st.integers(1, 6))
    ends = st.tuples(st.integers(0, n_nodes - 1), st.integers(0, n_nodes - 1))
    edges = np.array(data.draw(st.lists(ends, max_size=10)), dtype=int).reshape(-1, 2)
    order = np.array(data.draw(st.permutations(range(n_nodes))))
    plain = Graph.from_edges(edges, nodes=n_nodes)
    named = Graph.from_edges(edges, nodes=order)
    np.testing.assert_array_equal(
        named.adjacency.toarray(), plain.adjacency.toarray()[np.ix_(order, order)]
    )


def test_unknown_nodes_are_named():
    with pytest.raises(ValueError, match="got 'x', 'y', not among the 2 labels"):
        Graph.from_edges([("a", "x"), ("y", "b")], nodes=["a", "b"])


def test_integers_do_not_determine_the_number_of_nodes():
    with pytest.raises(ValueError, match="needs the number of nodes"):
        Graph.from_edges([(0, 1)])


@pytest.mark.parametrize("last", [3, -1, 2**40])
def test_positions_past_the_last_node_are_refused(last):
    with pytest.raises(ValueError, match=r"positions in 0 \.\. 2"):
        Graph.from_edges(np.array([[0, last]]), nodes=3)


@pytest.mark.parametrize("end", ["a", 0.5, np.ma.masked])
def test_labels_without_nodes_are_refused(end):
    with pytest.raises(ValueError, match=r"whole numbers from 0.*nodes="):
        Graph.from_edges([(0, end)], nodes=3)


def test_wide_edges_are_refused_with_their_shape():
    with pytest.raises(ValueError, match="Transpose it"):
        Graph.from_edges(np.zeros((2, 5), dtype=int), nodes=3)
    with pytest.raises(ValueError, match="two columns"):
        Graph.from_edges(pd.DataFrame({"u": [1]}), nodes=3)
    with pytest.raises(ValueError, match="pairs"):
        Graph.from_edges([(0, 1, 2.0)], nodes=3)


def test_missing_column_is_named():
    with pytest.raises(ValueError, match=r"got none called \['w'\]"):
        Graph.from_edges(pd.DataFrame({"u": [0], "v": [1]}), nodes=2, weights="w")


def test_weights_have_one_number_per_row():
    with pytest.raises(ValueError, match=r"one number per row of edges \(1\)"):
        Graph.from_edges([(0, 1)], nodes=2, weights=[1, 2])
    with pytest.raises(ValueError, match="not be negative"):
        Graph.from_edges([(0, 1)], nodes=2, weights=[-1])
    with pytest.raises(TypeError, match="must be numbers"):
        Graph.from_edges([(0, 1)], nodes=2, weights=np.array(["near"]))


def test_edge_features_have_one_row_per_edge():
    with pytest.raises(ValueError, match="one row per"):
        Graph.from_edges([(0, 1)], nodes=2, edge_features=[[1], [2]])


def test_undirected_table_of_both_directions_warns():
    with pytest.warns(UserWarning, match="1 rows of edges also occur in the other"):
        graph = Graph.from_edges([(0, 1), (1, 0), (1, 2)], nodes=3, directed=False)
    assert graph.adjacency[0, 1] == graph.adjacency[1, 0] == 2
    assert graph.adjacency[2, 1] == 1


@pytest.mark.parametrize("weights", [[2e38, 2e38], [1e39, 1.0]])
def test_weights_beyond_float32_are_refused(weights):
    with pytest.raises(ValueError, match=r"at most 3.4e38.*divide all of them"):
        Graph.from_edges([(0, 1), (0, 1)], nodes=2, weights=weights)


def test_weights_of_a_tiny_unit_are_refused():
    with pytest.raises(ValueError, match=r"largest .* at least 1e-30.*multiply all"):
        Graph.from_edges([(0, 1), (1, 0)], nodes=2, weights=[1e-45, 1e-50])


@pytest.mark.parametrize("number", [-1, 2**40, 2**62, 2**70])
def test_the_number_of_nodes_must_fit_into_memory(number):
    with pytest.raises(ValueError, match=f"fit into memory.*got {number}"):
        Graph.from_edges([(0, 1)], nodes=number)


def test_a_truth_value_is_no_number_of_nodes():
    with pytest.raises(TypeError, match=r"list, an array or an Index.*got bool"):
        Graph.from_edges([], nodes=True)


@pytest.mark.parametrize("label", [[1], {}, np.array([1])])
def test_labels_in_edges_must_be_hashable(label):
    with pytest.raises(TypeError, match="must be hashable"):
        Graph.from_edges([(label, "b"), ("b", "b")])


def test_masked_edges_and_weights_are_refused():
    masked = np.ma.masked_equal([[0, 1], [1, 2]], 2)
    with pytest.raises(ValueError, match="edges must be without masked entries"):
        Graph.from_edges(masked, nodes=3)
    with pytest.raises(ValueError, match="weights must be without masked entries"):
        Graph.from_edges([(0, 1), (1, 2)], nodes=3, weights=masked[1])
