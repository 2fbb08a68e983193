import numpy as np
import pandas as pd
import pytest

from skattn.graph import Graph

EDGES = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
ABC = list("abc")
X = pd.DataFrame({"f": [1.0, 2.0, 3.0]}, index=ABC)
MOVED = X.iloc[[2, 0, 1]]


def features(graph):
    return np.asarray(graph.X).ravel().tolist()


def test_features_are_aligned_with_the_labels():
    assert features(Graph(EDGES, MOVED, nodes=ABC)) == [1, 2, 3]
    assert features(Graph(EDGES, MOVED.to_numpy(), nodes=ABC)) == [3, 1, 2]
    assert features(Graph(EDGES, MOVED.reset_index(drop=True), nodes=ABC)) == [3, 1, 2]


def test_features_of_an_edge_list_are_aligned_with_the_labels():
    graph = Graph.from_edges([("a", "b")], MOVED, nodes=ABC)
    assert features(graph) == [1, 2, 3]
    graph = Graph.from_edges([("a", "b")], MOVED)
    assert list(graph.nodes) == ["c", "a", "b"]
    assert features(graph) == [3, 1, 2]


def test_features_of_other_nodes_are_refused():
    with pytest.raises(ValueError, match=r"index of X .*got 'c' and no 'd'"):
        Graph(EDGES, X, nodes=list("abd"))


def test_labels_of_the_same_rows_are_not_compared():
    table = pd.DataFrame({"id": [7, 8, 9, 5], "f": [1.0, 2.0, 3.0, 4.0]}).iloc[1:]
    graph = Graph(EDGES, table[["f"]], nodes=table["id"])
    assert features(graph) == [2, 3, 4]
    assert graph.nodes.tolist() == [8, 9, 5]


@pytest.mark.parametrize(
    "graph",
    [Graph(EDGES, nodes=ABC), Graph(EDGES, X), Graph(EDGES, X, nodes=ABC)[[1, 0]]],
)
def test_other_features_are_aligned_too(graph):
    assert features(graph.with_features(MOVED)) == [1, 2, 3]
    with pytest.raises(ValueError, match="got 'x', 'y', 'z'"):
        graph.with_features(X.set_axis(list("xyz")))
