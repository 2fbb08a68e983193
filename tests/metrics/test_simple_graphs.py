import numpy as np
import pytest

from skattn import Graph
from skattn.metrics._simple_graphs import SimpleGraphs

EDGE = Graph([[0, 1], [1, 0]])


def test_weights_loops_and_parallel_edges_are_ignored():
    graph = Graph([[3.0, 2.0], [2.0, 0.0]])
    entries = np.array([[0, 0, 1], [1, 1, 0]])
    parallel = Graph.from_edges(entries.T, nodes=2, edge_features=[1.0, 2.0, 3.0])
    assert parallel.n_edges == 3
    simple = SimpleGraphs.of(graphs=[graph, parallel])
    assert simple.adjacency.toarray().tolist() == [
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 1, 0],
    ]
    assert graph.adjacency.nnz == 3  # the user's graph is unchanged


def test_graphs_may_have_different_columns():
    labelled = Graph([[0, 1], [1, 0]], [["a"], ["b"]])
    assert SimpleGraphs.of(graphs=[EDGE, labelled]).sizes.tolist() == [2, 2]


def test_a_directed_graph_is_an_error_that_names_graph_and_edge():
    directed = Graph([[0, 0, 0], [1, 0, 0], [0, 0, 0]])
    with pytest.raises(
        ValueError, match="edge 1 → 0 without 0 → 1 in graph 1 of train"
    ):
        SimpleGraphs.of(samples=[EDGE], train=[EDGE, directed])


@pytest.mark.parametrize(
    ("graphs", "error", "message"),
    [
        ([], ValueError, "at least one graph"),
        (EDGE, TypeError, "list of graphs is required"),
        ([EDGE, Graph(np.zeros((0, 0)))], ValueError, "graph 1 of graphs has none"),
        ([EDGE, EDGE[[0]]], ValueError, "graph 1 is a view"),
        ([EDGE, "CCO"], TypeError, "got str at position 1"),
    ],
)
def test_what_is_no_list_of_whole_graphs_is_an_error(graphs, error, message):
    with pytest.raises(error, match=message):
        SimpleGraphs.of(graphs=graphs)
