import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._resolve import resolve

PATH = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
GRAPH = Graph(
    PATH, np.full((5, 1), np.nan), nodes=pd.Index([10, 20, 30, 40, 50], name="id")
)


def frame_of(ids=(40, 10, 20), offset=0):
    index = pd.Index(ids, name="id")
    return pd.DataFrame({"x": np.array(ids) + offset}, index=index)


def test_training_view_is_the_subgraph_of_the_training_rows(senders, check):
    context = resolve(frame_of(), graph=GRAPH, check=check)
    train, held_out = context.split(np.array([1, 0]), np.array([2]))
    assert list(train.nodes) == [10, 40]
    assert list(train.nodes[train.targets]) == [10, 40]
    assert train.n_edges == 0
    assert list(held_out.nodes) == [10, 20, 40]
    assert senders(held_out, 0) == [10]
    np.testing.assert_array_equal(held_out.X.ravel(), [10, 20, 40])
    assert (context.kind, context.n_rows) == ("named", 3)


def test_held_out_features_are_not_in_the_training_view(check):
    frame = frame_of()
    plain = resolve(frame, graph=GRAPH, check=check)
    frame.loc[20, "x"] = 10**9
    changed = resolve(frame, graph=GRAPH, check=check)
    views = [
        each.split(np.array([0, 1]), np.array([2]))[0] for each in (plain, changed)
    ]
    np.testing.assert_array_equal(views[0].X, views[1].X)
    np.testing.assert_array_equal(
        views[0].adjacency.toarray(), views[1].adjacency.toarray()
    )


def test_features_at_prediction_replace_fitted_ones(check):
    fitted = resolve(frame_of(), graph=GRAPH, check=check).fitted()
    later = frame_of((50, 10), offset=1)
    joined = fitted.join(later, check=check)
    assert list(joined.nodes) == [10, 20, 40, 50]
    np.testing.assert_array_equal(joined.X.ravel(), [11, 20, 40, 51])
    np.testing.assert_array_equal(joined.targets, [3, 0])
    place = fitted.placer(later, joined)
    placed = place(sparse.csr_array(np.arange(16.0).reshape(4, 4))).toarray()
    expected = np.zeros((5, 5))
    expected[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] = np.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(placed, expected)


def test_frame_without_features_gets_degree_features(check):
    frame = pd.DataFrame({"id": [10, 20, 40]})
    fitted = resolve(frame, graph=GRAPH, check=check)
    assert check.seen == [None]
    train, _ = fitted.split(np.arange(3), None)
    np.testing.assert_allclose(train.X[:, 1], np.log([2, 2, 1]), rtol=1e-6)
    joined = fitted.fitted().join(pd.DataFrame({"id": [30]}), check=check)
    np.testing.assert_allclose(joined.X[:, 1], np.log([2, 3, 3, 2]), rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(5)))
def test_order_of_rows_affects_only_the_order_of_targets(order):
    order = np.array(order)
    frame = frame_of((10, 20, 30, 40, 50))
    context = resolve(frame.iloc[order], graph=GRAPH, check=np.float32)
    train, _ = context.split(np.arange(5), None)
    np.testing.assert_array_equal(train.X.ravel(), [10, 20, 30, 40, 50])
    np.testing.assert_array_equal(train.targets, order)
