import sys

import pandas as pd
import pytest

from skattn.graph import Graph
from skattn.graph._labels import as_index, listing

PATH = [[0, 2, 0, 0], [2, 0, 3, 0], [0, 3, 0, 4], [0, 0, 4, 0]]


def test_labels_take_the_name_of_a_series():
    graph = Graph(PATH, nodes=pd.Series([4, 3, 2, 1], name="site"))
    assert graph.nodes.name == "site"


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (list("abc"), r"one label per node \(4\), got 3"),
        (list("abca"), "each node once, got 'a'"),
        (pd.MultiIndex.from_product([[0, 1], [0, 1]]), "one level"),
    ],
)
def test_labels_that_do_not_fit_are_refused(nodes, message):
    with pytest.raises(ValueError, match=message):
        Graph(PATH, nodes=nodes)


def test_labels_without_pandas_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"skattn\[pandas\]"):
        Graph([[0]], nodes=["a"])


def test_tuples_are_labels():
    assert list(Graph([[0]], nodes=[(1, 2)]).nodes) == [(1, 2)]


def test_an_index_is_returned_unchanged():
    index = pd.Index([3, 1, 2], name="site")
    assert as_index(index) is index
    assert Graph([[0] * 3] * 3, nodes=index).nodes is index


def test_first_labels_are_shown_and_others_counted():
    assert listing(["a", "b"]) == "'a', 'b'"
    assert listing(list("abcdefg")) == "'a', 'b', 'c', 'd', 'e' and 2 more"
    assert listing([1, 2, 3], most=1) == "1 and 2 more"
