import numpy as np
import pandas as pd
import pytest

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._context import checked_view, two_views
from skattn.graph._resolve import CONTEXTS, resolve

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
PATH = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
GRAPH = Graph(PATH, LINE)
NAMES = pd.Index([10, 20, 30, 40, 50], name="id")
WAYS = {
    "table": {"X": LINE, "n_neighbors": 1},
    "adjacency": {"X": LINE, "adjacency": PATH},
    "graph": {"X": GRAPH},
    "named": {
        "X": pd.DataFrame({"x": LINE[:, 0]}, index=NAMES),
        "graph": Graph(PATH, nodes=NAMES),
    },
    "graphs": {"X": [GRAPH] * 5},
    "sequences": {"X": [LINE] * 5},
}


@pytest.mark.parametrize(
    ("kind", "rows", "new_rows_join", "needs_adjacency"),
    [
        ("table", "table", True, False),
        ("adjacency", "nodes", False, True),
        ("graph", "nodes", False, False),
        ("named", "nodes", True, False),
        ("graphs", "graphs", False, False),
        ("sequences", "sequences", False, False),
    ],
)
def test_attributes_of_every_context(kind, rows, new_rows_join, needs_adjacency):
    (context,) = (context for context in CONTEXTS if context.kind == kind)
    assert context.rows == rows
    assert context.new_rows_join is new_rows_join
    assert context.needs_adjacency is needs_adjacency


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("held_out", [None, np.array([], dtype=int)])
def test_no_held_out_rows_give_none(kind, held_out, check):
    context = resolve(**WAYS[kind], check=check)
    assert (context.kind, context.n_rows) == (kind, 5)
    train, other = context.split(np.array([1, 0]), held_out)
    assert other is None
    assert len(train) == 2


@pytest.mark.parametrize("kind", WAYS)
def test_views_have_their_rows_in_the_order_given(kind, check):
    context = resolve(**WAYS[kind], check=check)
    train, held_out = context.split(np.array([3, 0]), np.array([4, 2, 1]))
    assert train.targets.argsort().tolist() == [1, 0]
    assert held_out.targets.argsort().tolist() == [2, 1, 0]


@pytest.mark.parametrize("kind", WAYS)
def test_features_are_checked_once(kind, check):
    resolve(**WAYS[kind], check=check)
    assert len(check.seen) == 1


def test_two_views_share_their_base():
    one, other = two_views(GRAPH, np.array([2]), np.array([4, 0]))
    assert one.base is other.base is GRAPH
    assert (one.targets.tolist(), other.targets.tolist()) == ([2], [4, 0])


def test_a_checked_view_has_the_checked_features_and_its_targets(check):
    view = checked_view(GRAPH[[3, 1]], check)
    assert view.X.dtype == np.float32
    assert view.targets.tolist() == [3, 1]
    assert check.seen == [GRAPH.X]


def test_a_view_without_features_gets_those_of_the_degree(check):
    for view in (Graph(PATH), GraphCollection.of([Graph(PATH)])):
        checked = checked_view(view, check)
        found = checked.X if isinstance(checked, Graph) else checked.whole.X
        np.testing.assert_allclose(found[:, 1], np.log([2, 3, 3, 3, 2]), rtol=1e-6)
    assert check.seen == [None, None]
