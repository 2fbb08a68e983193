import numpy as np
import pytest

from skattn import Graph
from skattn.graph._link_context import LinkContext
from skattn.graph._link_edges import LinkEdges
from skattn.graph._node_names import NodeNames

PAIRS = np.array([[0, 1], [1, 2], [3, 2]])
LABELS = np.array([[1.0], [2], [3]], np.float32)


def context(*, directed, labels=LABELS):
    edges = LinkEdges.of_links(4, PAIRS, labels, directed=directed)
    return LinkContext.of(edges, None, NodeNames(4, None))


def test_an_edge_joins_both_ends_with_its_label():
    graph = context(directed=False).graph
    assert graph.adjacency.toarray().tolist() == [
        [0, 1, 0, 0],
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [0, 0, 1, 0],
    ]
    assert graph.edge_features[:, 0].tolist() == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("directed", [False, True])
def test_a_repeated_link_is_one_edge_with_the_mean_of_its_labels(directed):
    pairs = np.array([[2, 1], [0, 1], [2, 1]])
    edges = LinkEdges.of_links(
        3, pairs, np.array([[1.0], [5], [4]], np.float32), directed=directed
    )
    assert edges.pairs.tolist() == [[2, 1], [0, 1]]
    assert edges.columns.tolist() == [[2.5], [5]]


def test_features_of_directed_edges_tell_the_direction_and_both_labels():
    made = context(directed=True)
    # the entries of nodes 0 1, 1 0, 1 2, 2 1, 2 3 and 3 2
    assert made.graph.edge_features.tolist() == [
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [1, 0, 2, 0],
        [0, 1, 0, 2],
        [0, 1, 0, 3],
        [1, 0, 3, 0],
    ]
    assert made.forward(made.graph).toarray()[3].tolist() == [0, 0, 1, 0]
    assert made.are_links(np.array([[3, 2], [2, 3]])).tolist() == [True, False]


@pytest.mark.parametrize("directed", [False, True])
def test_both_directions_of_a_pair_are_hidden(directed):
    made = context(directed=directed)
    for pair in ([1, 2], [2, 1]):
        cut = made.without(np.array([pair])).adjacency.toarray()
        assert cut[1, 2] == cut[2, 1] == 0
        assert cut.sum() == 4
    assert made.without(np.array([[0, 3]])).n_edges == 6


@pytest.mark.parametrize("directed", [False, True])
def test_a_known_pair_is_not_in_the_graph_without_its_part(directed):
    made = context(directed=directed)
    asked = np.array([[0, 1], [2, 1], [0, 2]])
    folds = made.folds(asked)
    assert folds[2] == -1
    for (u, v), fold in zip(asked[:2], folds[:2], strict=True):
        cut = made.without_fold(fold).adjacency.toarray()
        assert cut[u, v] == cut[v, u] == 0
    assert made.without_fold(-1) is made.graph


def test_edges_of_a_given_graph_are_added_once():
    given = Graph([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 5]])
    links = LinkEdges.of_links(4, PAIRS, LABELS, directed=False)
    joined = links.beside(LinkEdges.of_graph(given, directed=False))
    graph = joined.graph()
    assert graph.n_edges == 8
    assert graph.adjacency[0, 3] == graph.adjacency[0, 1] == 2  # as its edges weigh
    assert graph.edge_features[:, 0].tolist() == [1, 0, 1, 2, 2, 3, 0, 3]
