import gc
import pickle
import weakref
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import Graph, sequence_graphs
from skattn.graph._collection import GraphCollection
from skattn.graph._resolve import CONTEXTS, resolve

PAIR = np.array([[0, 1], [1, 0]])
CHAIN = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])


def check(features):
    """Do to features what an estimator does."""
    if features is None or sparse.issparse(features):
        return features
    return np.asarray(features, dtype=np.float32)


def graphs():
    return [
        Graph(PAIR, np.array([[0.0], [1.0]]), nodes=["a", "b"]),
        Graph([[0]], np.array([[2.0]]), nodes=["a"]),
        Graph(CHAIN, np.array([[3.0], [4.0], [5.0]])),
    ]


def steps(*lengths, width=2):
    return [np.ones((length, width)) for length in lengths]


def test_many_graphs_become_one_collection():
    seen = []
    context = resolve(graphs(), check=lambda X: (seen.append(X), check(X))[1])
    assert (context.kind, context.n_rows) == ("graphs", 3)
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0].ravel(), range(6))
    train, held_out = context.split(np.array([2, 0]), np.array([1]))
    assert isinstance(train, GraphCollection)
    np.testing.assert_array_equal(train.targets, [2, 0])
    np.testing.assert_array_equal(held_out.targets, [1])
    assert train.base is held_out.base
    assert train.whole.X.dtype == np.float32


@pytest.mark.parametrize("X", [graphs(), steps(2, 1, 3)])
@pytest.mark.parametrize("held_out", [None, np.arange(0)])
def test_nothing_held_out_is_none(X, held_out):
    train, other = resolve(X, check=check).split(np.array([1, 0]), held_out)
    assert other is None
    assert len(train) == 2


def test_graphs_without_features_get_one_and_their_log_degree():
    asked = []
    context = resolve([Graph(PAIR), Graph(CHAIN)], check=asked.append)
    assert asked == [None]
    view, _ = context.split(np.arange(2), None)
    expected = np.log([2, 2, 2, 2, 1])
    np.testing.assert_allclose(view.whole.X[:, 1], expected, rtol=1e-6)
    np.testing.assert_array_equal(view.whole.X[:, 0], 1)


def test_later_graphs_stand_for_themselves():
    fitted = resolve(graphs(), check=check).fitted()
    later = fitted.join(graphs()[:1], check=check)
    assert (later.n_graphs, len(later), later.n_nodes) == (1, 1, 2)
    np.testing.assert_array_equal(later.targets, [0])
    assert fitted.positions(graphs()) is None


def test_frames_are_checked_as_frames():
    columns = []
    frame = pd.DataFrame({"age": [1.0, 2.0]})
    resolve(
        [Graph(PAIR, frame)] * 2, check=lambda X: (columns.append(list(X)), check(X))[1]
    )
    assert columns == [["age"]]


def test_sequences_become_the_graphs_that_they_become_by_default():
    X = [np.arange(6.0).reshape(3, 2), np.array([[6.0, 7.0]])]
    context = resolve(X, check=check)
    assert (context.kind, context.n_rows) == ("sequences", 2)
    train, held_out = context.split(np.array([1]), np.array([0]))
    expected = GraphCollection.of(sequence_graphs(X)).whole
    np.testing.assert_array_equal(
        train.whole.adjacency.toarray(), expected.adjacency.toarray()
    )
    np.testing.assert_allclose(train.whole.X, expected.X, rtol=1e-6)
    np.testing.assert_array_equal(train.node_ptr, [0, 3, 4])
    np.testing.assert_array_equal(train.targets, [1])
    assert train.base is held_out.base


def test_only_what_the_user_gave_is_checked():
    widths = []
    context = resolve(
        steps(3, 3), check=lambda X: (widths.append(X.shape[1]), check(X))[1]
    )
    assert widths == [2]
    assert context.split(np.arange(2), None)[0].whole.X.shape[1] == 2 + 8


@pytest.mark.parametrize(
    "X", [np.ones((2, 3, 2)), [pd.DataFrame(np.ones((3, 2)))] * 2, steps(3, 3)]
)
def test_sequences_of_every_form_are_the_same(X):
    view, _ = resolve(X, check=check).split(np.arange(2), None)
    expected = GraphCollection.of(sequence_graphs(steps(3, 3))).whole
    np.testing.assert_allclose(view.whole.X, expected.X, rtol=1e-6)


def test_later_sequences_may_have_other_lengths_but_no_other_width():
    fitted = resolve(steps(3, 3), check=check).fitted()
    later = fitted.join(steps(7, 1), check=check)
    np.testing.assert_array_equal(later.node_ptr, [0, 7, 8])
    with pytest.raises(ValueError, match=r"2 features, as at fit, got 5.*axis=2"):
        fitted.join(steps(3, width=5), check=check)


@pytest.mark.parametrize("X", [graphs(), steps(2, 2)])
def test_fitted_context_holds_no_graph_and_can_only_join(X):
    context = resolve(X, check=check)
    collection = weakref.ref(context.view)
    fitted = context.fitted()
    assert len(pickle.dumps(fitted)) < 500
    assert all(
        getattr(fitted, field.name) is None
        or isinstance(getattr(fitted, field.name), int)
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
        ([*steps(2), graphs()[0]], TypeError, "got a Graph at 1"),
        ([*steps(2), np.ones(2)], ValueError, r"got shape \(2,\) at 1"),
        ([*steps(2), np.ones((2, 3))], ValueError, "got 3 at 1"),
    ],
)
def test_list_that_disagrees_is_refused_before_features_are_checked(X, error, message):
    asked = []
    with pytest.raises(error, match=message):
        resolve(X, check=asked.append)
    assert asked == []


@pytest.mark.parametrize("kind", ["graphs", "sequences"])
@pytest.mark.parametrize("X", [[], (), np.empty(0, dtype=object)])
def test_nothing_to_predict_is_refused(kind, X):
    fitted = resolve(graphs() if kind == "graphs" else steps(2), check=check).fitted()
    with pytest.raises(ValueError, match="empty list"):
        fitted.join(X, check=check)


def test_files_find_the_right_class():
    for number, context in enumerate(CONTEXTS):
        assert not any(issubclass(later, context) for later in CONTEXTS[number + 1 :])
    assert len({context.kind for context in CONTEXTS}) == len(CONTEXTS) == 6


@pytest.mark.parametrize(
    ("kind", "rows", "new_rows_join", "needs_adjacency"),
    [
        ("table", "table", True, False),
        ("adjacency", "nodes", False, True),
        ("graph", "nodes", False, False),
        ("named", "nodes", True, False),
        ("graphs", "graphs", False, False),
        ("sequences", "graphs", False, False),
    ],
)
def test_the_facts_of_every_context(kind, rows, new_rows_join, needs_adjacency):
    (context,) = (context for context in CONTEXTS if context.kind == kind)
    assert context.rows == rows
    assert context.new_rows_join is new_rows_join
    assert context.needs_adjacency is needs_adjacency
