import gc
import pickle
import weakref
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._patches import Patching
from skattn.graph._resolve import resolve

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
PATH = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
PAIR = np.array([[0, 1], [1, 0]])
CHAIN = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])


def graphs():
    return [
        Graph(PAIR, np.array([[0.0], [1.0]]), nodes=["a", "b"]),
        Graph([[0]], np.array([[2.0]]), nodes=["a"]),
        Graph(CHAIN, np.array([[3.0], [4.0], [5.0]])),
    ]


def steps(*lengths, width=2):
    return [np.ones((length, width)) for length in lengths]


# ---- one graph ---------------------------------------------------------------


def test_a_graph_keeps_all_its_nodes_as_context(check):
    graph = Graph(PATH, LINE)
    context = resolve(graph[[4, 2, 0]], check=check)
    train, held_out = context.split(np.array([2, 0]), np.array([1]))
    np.testing.assert_array_equal(train.targets, [0, 4])
    np.testing.assert_array_equal(held_out.targets, [2])
    assert train.base is held_out.base
    assert context.n_rows == 3
    assert context.kind == "graph"
    assert check.seen == [graph.X]
    np.testing.assert_array_equal(train.X, LINE)


def test_fitted_context_holds_no_graph(check):
    context = resolve(Graph(PATH, LINE), check=check)
    graph = weakref.ref(context.view)
    fitted = context.fitted()
    assert len(pickle.dumps(fitted)) < 500
    del context
    gc.collect()
    assert graph() is None
    assert fitted.kind == "graph"


def test_joined_view_keeps_its_targets(check):
    fitted = resolve(Graph(PATH, LINE), check=check).fitted()
    joined = fitted.join(Graph(PATH, LINE + 1)[[3, 1]], check=check)
    np.testing.assert_array_equal(joined.targets, [3, 1])
    assert joined.X.dtype == np.float32


def test_edge_features_and_labels_are_kept(check):
    graph = Graph(PATH, LINE, edge_features=np.arange(8), nodes=list("abcde"))
    train, _ = resolve(graph, check=check).split(np.arange(5), None)
    assert train.edge_features is graph.edge_features
    assert train.nodes is graph.nodes


def test_graph_without_features_gets_one_and_the_log_degree(check):
    train, _ = resolve(Graph(PATH)[[0, 1]], check=check).split(np.array([0, 1]), None)
    one, two = np.log(2), np.log(3)
    expected = [[1, one], [1, two], [1, two], [1, two], [1, one]]
    np.testing.assert_allclose(train.X, expected, rtol=1e-6)
    assert train.X.dtype == np.float32
    assert check.seen == [None]


def test_fitted_context_can_only_join(check):
    with pytest.raises(RuntimeError, match="can only join"):
        resolve(Graph(PATH, LINE), check=check).fitted().split(np.arange(2), None)


# ---- a table and its adjacency -----------------------------------------------


def test_adjacency_joins_the_rows_of_the_table(senders, check):
    context = resolve(LINE, adjacency=PATH, check=check)
    train, held_out = context.split(np.array([4, 0]), np.array([1]))
    assert [senders(train, 0), senders(train, 1)] == [[7], [1]]
    assert senders(held_out, 0) == [0, 3]
    assert (context.kind, context.n_rows) == ("adjacency", 5)
    assert len(check.seen) == 1


def test_another_adjacency_joins_its_own_rows(check):
    fitted = resolve(LINE, adjacency=PATH, check=check).fitted()
    joined = fitted.join(LINE[:2], adjacency=[[0, 1], [0, 0]], check=check)
    assert len(joined) == joined.n_nodes == 2
    assert fitted.view is None


# ---- many graphs, many sequences ---------------------------------------------


def test_many_graphs_become_one_collection(check):
    context = resolve(graphs(), check=check)
    assert (context.kind, context.n_rows) == ("graphs", 3)
    (seen,) = check.seen
    np.testing.assert_array_equal(seen.ravel(), range(6))
    train, held_out = context.split(np.array([2, 0]), np.array([1]))
    assert isinstance(train, GraphCollection)
    np.testing.assert_array_equal(train.targets, [2, 0])
    np.testing.assert_array_equal(held_out.targets, [1])
    assert train.base is held_out.base
    assert train.whole.X.dtype == np.float32


def test_graphs_without_features_get_one_and_their_log_degree(check):
    context = resolve([Graph(PAIR), Graph(CHAIN)], check=check)
    assert check.seen == [None]
    view, _ = context.split(np.arange(2), None)
    expected = np.log([2, 2, 2, 2, 1])
    np.testing.assert_allclose(view.whole.X[:, 1], expected, rtol=1e-6)
    np.testing.assert_array_equal(view.whole.X[:, 0], 1)


def test_prediction_uses_only_its_own_graphs(check):
    fitted = resolve(graphs(), check=check).fitted()
    later = fitted.join(graphs()[:1], check=check)
    assert (later.n_graphs, len(later), later.n_nodes) == (1, 1, 2)
    np.testing.assert_array_equal(later.targets, [0])
    matrix = sparse.csr_array(np.eye(2))
    assert fitted.placer(graphs()[:1], later)(matrix) is matrix


def test_frames_are_checked_as_frames(check):
    frame = pd.DataFrame({"age": [1.0, 2.0]})
    resolve([Graph(PAIR, frame)] * 2, check=check)
    assert [list(seen) for seen in check.seen] == [["age"]]


@pytest.mark.parametrize("X", [graphs(), steps(2, 2)])
def test_fitted_context_holds_no_graph_and_can_only_join(check, X):
    context = resolve(X, check=check)
    collection = weakref.ref(context.view)
    fitted = context.fitted()
    assert len(pickle.dumps(fitted)) < 500
    assert all(
        getattr(fitted, field.name) is None
        or isinstance(getattr(fitted, field.name), int | Patching)
        for field in fields(fitted)
    )
    del context
    gc.collect()
    assert collection() is None
    with pytest.raises(RuntimeError, match="can only join"):
        fitted.split(np.arange(2), None)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([*graphs(), PAIR], TypeError, "got ndarray at position 3"),
        ([*graphs(), Graph(PAIR)], ValueError, "graph 3 has no features where"),
        ([*graphs(), graphs()[2][[1]]], ValueError, r"graph 3 is a view.*subgraph\(\)"),
        ([*steps(2), graphs()[0]], TypeError, "got a Graph at position 1"),
        ([*steps(2), np.ones(2)], ValueError, r"got shape \(2,\) at position 1"),
        ([*steps(2), np.ones((2, 3))], ValueError, "got 3 at position 1"),
    ],
)
def test_inconsistent_list_is_refused_before_features_are_checked(
    check, X, error, message
):
    with pytest.raises(error, match=message):
        resolve(X, check=check)
    assert check.seen == []


@pytest.mark.parametrize("kind", ["graphs", "sequences"])
@pytest.mark.parametrize("X", [[], (), np.empty(0, dtype=object)])
def test_empty_prediction_is_refused(check, kind, X):
    fitted = resolve(graphs() if kind == "graphs" else steps(2), check=check).fitted()
    with pytest.raises(ValueError, match="empty list"):
        fitted.join(X, check=check)
