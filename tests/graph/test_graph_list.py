import numpy as np
import pytest

from skattn.graph import Graph
from skattn.graph._graph_list import is_graph_list, whole_graphs

CHAIN = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
POINT = Graph([[1]])


@pytest.mark.parametrize(
    "X", [[POINT], (POINT, 1), np.array([POINT, CHAIN], dtype=object)]
)
def test_the_first_entry_decides_a_list_of_graphs(X):
    assert is_graph_list(X)


@pytest.mark.parametrize(
    "X",
    [
        [],
        (),
        [1, POINT],
        POINT,
        np.array([], dtype=object),
        np.array([1], dtype=object),
        np.eye(2),
        "text",
        None,
        {},
    ],
)
def test_other_input_is_not_a_list_of_graphs(X):
    assert not is_graph_list(X)


def test_whole_graphs_are_returned_unchanged():
    every = CHAIN[[2, 0, 1]]
    graphs = [POINT, every, CHAIN[:], CHAIN[[0, 1, 2, 0]]]
    for given in (graphs, tuple(graphs), iter(graphs), np.array(graphs, dtype=object)):
        assert all(a is b for a, b in zip(whole_graphs(given), graphs, strict=True))
    assert whole_graphs([]) == []


@pytest.mark.parametrize("rows", [[2], [0, 1, 1], []])
def test_a_view_of_some_nodes_is_refused(rows):
    message = rf"graph 1 is a view with {len(rows)} of its 3 nodes .*graph\.subgraph"
    with pytest.raises(ValueError, match=message):
        whole_graphs([POINT, CHAIN[rows]])


def test_other_entries_are_named_by_their_positions():
    with pytest.raises(TypeError, match=r"graphs alone, got str at position 1"):
        whole_graphs([POINT, "CCO"])
    with pytest.raises(TypeError, match=r"got one Graph\. .*\[graph\]"):
        whole_graphs(POINT)
