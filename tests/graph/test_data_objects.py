import networkx as nx
import numpy as np
import polars as pl
import pytest
from scipy import sparse

from skattn.graph import (
    Graph,
    add_self_loops,
    hop_adjacency,
    knn_graph,
    local_order,
    positional_encoding,
)
from skattn.graph._data_objects import as_array, check_data, check_list, type_name


@pytest.mark.parametrize(
    ("nothing", "remedy"),
    [
        (None, r"Graph\.from_networkx"),
        (3, r"got int.*Graph\(adjacency, X\)"),
        (object, r"Graph\(adjacency, X\)"),
        ("data.csv", r"pandas\.read_csv.*MoleculeGraph"),
        ({"a": [1]}, r"pandas\.DataFrame\(X\)"),
        ({1, 2}, "no order"),
        (iter([1]), r"list\(X\)"),
        (nx.path_graph(3), r"got networkx Graph.*Graph\.from_networkx\(g\)"),
        (pl.LazyFrame({"a": [1]}), r"X\.collect\(\)"),
    ],
)
def test_objects_without_rows_are_refused_with_a_remedy(nothing, remedy):
    for function in (check_data, knn_graph, lambda X: Graph(np.eye(2), X)):
        if nothing is None and function not in (check_data, knn_graph):
            continue  # a graph without features
        with pytest.raises(TypeError, match=f"X must be an array, .*{remedy}"):
            function(nothing)


@pytest.mark.parametrize(
    "X", [np.eye(2), [[1]], (), range(3), sparse.dok_array((2, 2)), Graph(np.eye(2))]
)
def test_collections_pass(X):
    check_data(X)


def test_graphs_of_pyg_are_referred_to_their_converter():
    data = pytest.importorskip("torch_geometric.data")
    for foreign in (data.Data(), data.HeteroData()):
        with pytest.raises(TypeError, match="graphs_from_pyg"):
            check_data(foreign)


@pytest.mark.parametrize("nothing", [None, "text", {"a": 1}, 3, sparse.eye_array(2)])
def test_a_list_is_no_text_dict_number_or_matrix(nothing):
    with pytest.raises(TypeError, match="graphs must be a list of Graph, got"):
        Graph.union(nothing)
    with pytest.raises(TypeError, match=r"parts must be a list of things, got .*Fix\."):
        check_list(nothing, "parts", "things", "Fix.")


def test_rows_of_different_lengths_form_no_array():
    with pytest.raises(ValueError, match="y must be an array, one label per row, with"):
        as_array([[1], [2, 3]], "y", "one label per row")


def test_types_are_named_with_their_library():
    assert type_name(pl.Series([1])) == "polars Series"
    assert [type_name(value) for value in (None, 1, "a")] == ["None", "int", "str"]


@pytest.mark.parametrize(
    "function",
    [
        add_self_loops,
        lambda A: hop_adjacency(A, 2),
        local_order,
        lambda A: positional_encoding(A, "random_walk", 2),
    ],
)
def test_functions_of_an_adjacency_take_any_square_matrix_and_no_graph(function):
    A = np.array([[0.0, 1.0], [1.0, 0.0]])
    expected = function(sparse.csr_array(A))
    for given in (A.tolist(), sparse.coo_array(A), sparse.csr_matrix(A)):
        found = function(given)
        if isinstance(found, np.ndarray):
            assert found.tolist() == expected.tolist()
    with pytest.raises(TypeError, match=r"Use graph\.adjacency"):
        function(Graph(A))
    with pytest.raises(ValueError, match="adjacency must be square"):
        function(sparse.csr_array((2, 3)))
    with pytest.raises(TypeError, match="adjacency must be a square matrix"):
        function("text")
