import numpy as np
import pandas as pd
import pytest

from skattn.graph import Graph

# A attends to B, B to C with weight 2, C to A with weight 3.
DENSE = np.array([[0, 1, 0], [0, 0, 2], [3, 0, 0]])
ABC = list("ABC")


def frame(index=ABC, columns=ABC):
    return pd.DataFrame(DENSE, index=index, columns=columns)


def dense(graph):
    return graph.adjacency.toarray().tolist()


@pytest.mark.parametrize("columns", [["C", "B", "A"], ["B", "A", "C"]])
def test_columns_are_aligned_with_the_index(columns):
    graph = Graph(frame()[columns])
    assert dense(graph) == DENSE.tolist()
    assert list(graph.nodes) == ABC


def test_columns_of_row_numbers_are_aligned_too():
    graph = Graph(pd.DataFrame(DENSE)[[2, 0, 1]])
    assert dense(graph) == DENSE.tolist()
    assert graph.nodes is None


def test_header_of_a_file_is_the_text_of_its_numbers():
    read = frame([10, 20, 30], ["10", "20", "30"])
    graph = Graph(read[["30", "10", "20"]])
    assert dense(graph) == DENSE.tolist()
    assert list(graph.nodes) == [10, 20, 30]
    assert Graph(frame(range(3), list("012"))).nodes is None


@pytest.mark.parametrize(("index", "columns"), [(range(3), ABC), (ABC, range(3))])
def test_row_numbers_on_one_axis_take_the_labels_of_the_other(index, columns):
    graph = Graph(frame(index, columns))
    assert dense(graph) == DENSE.tolist()
    assert list(graph.nodes) == ABC


def test_index_and_columns_of_different_labels_are_refused():
    with pytest.raises(ValueError, match=r"columns of adjacency .*got 'x', 'y', 'z'"):
        Graph(frame(ABC, list("xyz")))
    with pytest.raises(ValueError, match="got 'D' and no 'C'"):
        Graph(frame(ABC, list("ABD")))


def test_rows_and_columns_follow_the_nodes():
    graph = Graph(frame()[["B", "A", "C"]], nodes=["C", "A", "B"])
    assert dense(graph) == [[0, 3, 0], [0, 0, 1], [2, 0, 0]]
    with pytest.raises(ValueError, match=r"index of adjacency .*got 'B' and no 'X'"):
        Graph(frame(), nodes=["C", "A", "X"])


def test_edge_features_follow_the_entries_as_given():
    # By rows, the entries of the frame are A-B, B-C, C-A.
    graph = Graph(frame()[["B", "A", "C"]], edge_features=[1, 2, 3], nodes=list("CAB"))
    np.testing.assert_array_equal(graph.adjacency.data, [3, 1, 2])
    np.testing.assert_array_equal(graph.edge_features.ravel(), [3, 1, 2])


def test_repeated_labels_are_positions_in_equal_order():
    graph = Graph(frame(list("AAB"), list("AAB")))
    assert dense(graph) == DENSE.tolist()
    assert graph.nodes is None


@pytest.mark.parametrize("order", [[2, 0, 1], [1, 0, 2]])
def test_features_follow_the_labels_of_the_adjacency(order):
    X = pd.DataFrame({"f": [1.0, 2.0, 3.0]}, index=ABC)
    assert Graph(frame(), X.iloc[order]).X["f"].tolist() == [1, 2, 3]
    unlabelled = X.reset_index(drop=True).iloc[order]
    assert Graph(frame(), unlabelled).X["f"].tolist() == [i + 1 for i in order]
