import gc
import pickle
import weakref

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph, add_self_loops, knn_adjacency
from skattn.graph._resolve import resolve

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
PATH = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)


class Check:
    """What an estimator does to features, and what it was asked to check."""

    def __init__(self):
        self.seen = []

    def __call__(self, features):
        self.seen.append(features)
        if features is None:
            return None
        if sparse.issparse(features):
            return sparse.csr_array(features, dtype=np.float32)
        return np.asarray(features, dtype=np.float32)


@pytest.fixture
def check():
    return Check()


def senders(view, position):
    """The features of whom one target attends to."""
    base = view.base
    node = view.targets[position]
    return base.X[base.adjacency[[node]].indices].ravel().tolist()


def test_training_rows_of_a_table_attend_to_training_rows(check):
    context = resolve(LINE, n_neighbors=1, check=check)
    train, held_out = context.split(np.array([4, 0, 2]), np.array([1, 3]))
    assert train.base is held_out.base
    assert [senders(train, k) for k in range(3)] == [[3], [3], [0]]
    assert [senders(held_out, k) for k in range(2)] == [[0], [8]]
    assert context.kind == "table"
    assert context.n_rows == 5
    assert len(check.seen) == 1
    assert check.seen[0] is LINE


def test_features_are_the_checked_ones(check):
    train, _ = resolve(LINE, n_neighbors=1, check=check).split(np.arange(5), None)
    assert train.X.dtype == np.float32


def test_rows_in_neither_set_are_context(check):
    context = resolve(LINE, n_neighbors=1, check=check)
    train, held_out = context.split(np.array([0]), np.array([1]))
    assert senders(train, 0) == [3]
    assert len(train) == len(held_out) == 1


@pytest.mark.parametrize("held_out", [None, np.array([], dtype=int)])
def test_nothing_held_out_is_none(check, held_out):
    for context in (
        resolve(LINE, n_neighbors=1, check=check),
        resolve(LINE, adjacency=PATH, check=check),
        resolve(Graph(PATH, LINE), check=check),
        resolve(named_frame(), graph=named_graph(), check=check),
    ):
        train, other = context.split(np.array([1, 0]), held_out)
        assert other is None
        assert len(train) == 2


def test_new_rows_attend_to_fitted_rows_never_to_each_other(check):
    fitted = resolve(LINE, n_neighbors=2, check=check).fitted()
    joined = fitted.join(np.array([[8.0], [8.1], [-1.0]]), check=check)
    assert [senders(joined, k) for k in range(3)] == [[7, 8], [7, 8], [0, 1]]
    assert senders(joined.base, 4) == [3, 7]
    assert joined.n_nodes == 8
    assert fitted.positions(LINE) is None


def test_prediction_does_not_depend_on_the_batch(check):
    fitted = resolve(LINE, n_neighbors=2, check=check).fitted()
    new = np.array([[2.0], [2.1], [9.0]])
    together = fitted.join(new, check=check)
    for k in range(3):
        alone = fitted.join(new[[k]], check=check)
        assert senders(alone, 0) == senders(together, k)


def test_sparse_tables_stay_sparse(check):
    fitted = resolve(sparse.csr_array(LINE), n_neighbors=2, check=check).fitted()
    joined = fitted.join(sparse.csr_array(LINE[:2]), check=check)
    assert sparse.issparse(joined.X)
    assert joined.shape == (2, 1)


def test_few_rows_clip_the_neighbours_with_a_warning(check):
    context = resolve(LINE, check=check)
    with pytest.warns(UserWarning, match="more than the 3 other rows"):
        train, held_out = context.split(np.arange(4), np.array([4]))
    assert senders(held_out, 0) == [0, 1, 3, 7]
    assert senders(train, 0) == [1, 3, 7]


def test_held_out_rows_without_others_are_isolated(check):
    context = resolve(LINE, n_neighbors=2, check=check)
    _, held_out = context.split(np.arange(0), np.arange(5))
    assert held_out.n_edges == 0


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


def test_edge_features_and_labels_come_along(check):
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


def test_adjacency_numbers_the_rows_of_the_table(check):
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


def test_adjacency_is_checked_before_the_features(check):
    with pytest.raises(ValueError, match=r"row of X \(5\), got \(4, 4\)"):
        resolve(LINE, adjacency=np.eye(4), check=check)
    assert check.seen == []


def named_graph():
    index = pd.Index([10, 20, 30, 40, 50], name="id")
    return Graph(PATH, np.full((5, 1), np.nan), nodes=index)


def named_frame(ids=(40, 10, 20), offset=0):
    index = pd.Index(ids, name="id")
    return pd.DataFrame({"x": np.array(ids) + offset}, index=index)


def test_training_sees_the_subgraph_of_the_training_rows(check):
    context = resolve(named_frame(), graph=named_graph(), check=check)
    train, held_out = context.split(np.array([1, 0]), np.array([2]))
    assert list(train.nodes) == [10, 40]
    assert list(train.nodes[train.targets]) == [10, 40]
    assert train.n_edges == 0
    assert list(held_out.nodes) == [10, 20, 40]
    assert senders(held_out, 0) == [10]
    np.testing.assert_array_equal(held_out.X.ravel(), [10, 20, 40])
    assert (context.kind, context.n_rows) == ("named", 3)


def test_held_out_features_never_reach_the_training_view(check):
    frame = named_frame()
    plain = resolve(frame, graph=named_graph(), check=check)
    frame.loc[20, "x"] = 10**9
    changed = resolve(frame, graph=named_graph(), check=check)
    views = [
        each.split(np.array([0, 1]), np.array([2]))[0] for each in (plain, changed)
    ]
    np.testing.assert_array_equal(views[0].X, views[1].X)
    np.testing.assert_array_equal(
        views[0].adjacency.toarray(), views[1].adjacency.toarray()
    )


def test_requested_features_replace_stored_ones(check):
    fitted = resolve(named_frame(), graph=named_graph(), check=check).fitted()
    later = named_frame((50, 10), offset=1)
    joined = fitted.join(later, check=check)
    assert list(joined.nodes) == [10, 20, 40, 50]
    np.testing.assert_array_equal(joined.X.ravel(), [11, 20, 40, 51])
    np.testing.assert_array_equal(joined.targets, [3, 0])
    np.testing.assert_array_equal(fitted.positions(later).nodes, [0, 1, 3, 4])


def test_frame_of_nothing_but_the_key_gets_the_degrees_of_the_graph_in_use(check):
    frame = pd.DataFrame({"id": [10, 20, 40]})
    fitted = resolve(frame, graph=named_graph(), check=check)
    assert check.seen == [None]
    train, _ = fitted.split(np.arange(3), None)
    np.testing.assert_allclose(train.X[:, 1], np.log([2, 2, 1]), rtol=1e-6)
    joined = fitted.fitted().join(pd.DataFrame({"id": [30]}), check=check)
    np.testing.assert_allclose(joined.X[:, 1], np.log([2, 3, 3, 2]), rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(5)))
def test_order_of_named_rows_changes_nothing_but_the_targets(order):
    order = np.array(order)
    frame = named_frame((10, 20, 30, 40, 50))
    context = resolve(frame.iloc[order], graph=named_graph(), check=Check())
    train, _ = context.split(np.arange(5), None)
    np.testing.assert_array_equal(train.X.ravel(), [10, 20, 30, 40, 50])
    np.testing.assert_array_equal(train.targets, order)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(1, 4), st.randoms(use_true_random=False))
def test_table_is_the_neighbour_graph_when_nothing_is_held_out(n_rows, k, random):
    X = np.array([[random.random(), random.random()] for _ in range(n_rows)])
    k = min(k, n_rows - 1)
    train, _ = resolve(X, n_neighbors=k, check=Check()).split(np.arange(n_rows), None)
    expected = knn_adjacency(X.astype(np.float32), n_neighbors=k)
    np.testing.assert_array_equal(train.adjacency.toarray(), expected.toarray())
    looped, _, _ = add_self_loops(train.adjacency)
    assert (np.diff(looped.indptr) == k + 1).all()


WAYS = {
    "table": lambda check: resolve(LINE, n_neighbors=2, check=check),
    "adjacency": lambda check: resolve(LINE, adjacency=PATH, check=check),
    "graph": lambda check: resolve(Graph(PATH, LINE), check=check),
    "named": lambda check: resolve(named_frame(), graph=named_graph(), check=check),
    "graphs": lambda check: resolve([Graph(PATH, LINE)], check=check),
    "sequences": lambda check: resolve([LINE], check=check),
}
LATER = {
    "table": {"X": LINE},
    "adjacency": {"X": LINE, "adjacency": PATH},
    "graph": {"X": Graph(PATH, LINE)},
    "graphs": {"X": [Graph(PATH, LINE)]},
    "sequences": {"X": [LINE]},
}


OTHER_KINDS = [
    (fitted, later)
    for fitted in WAYS
    for later in LATER
    if later != ("table" if fitted == "named" else fitted)
]


@pytest.mark.parametrize(("fitted", "later"), OTHER_KINDS)
def test_another_kind_of_input_is_refused_at_prediction(fitted, later, check):
    context = WAYS[fitted](check).fitted()
    with pytest.raises(ValueError, match=r"was fitted on a .*Pass a"):
        context.join(**LATER[later], check=check)


@pytest.mark.parametrize("wrong", ["karate", {"a": "b"}, PATH])
def test_graph_parameter_is_a_graph(wrong, check):
    with pytest.raises(TypeError, match=r"graph must be a Graph or None, got"):
        resolve(LINE, graph=wrong, check=check)


def test_two_graphs_at_once_are_refused(check):
    with pytest.raises(ValueError, match=r"X is a Graph and graph= is set"):
        resolve(Graph(PATH, LINE), graph=named_graph(), check=check)


@pytest.mark.parametrize("other", [{"X": Graph(PATH, LINE)}, {"graph": named_graph()}])
def test_adjacency_goes_with_a_table_alone(other, check):
    with pytest.raises(ValueError, match=r"adjacency= goes with a table alone"):
        resolve(**{"X": named_frame(), "adjacency": PATH, **other}, check=check)


def test_adjacency_is_no_graph(check):
    with pytest.raises(TypeError, match=r"Pass the graph itself as X"):
        resolve(LINE, adjacency=Graph(PATH), check=check)


def test_fitted_context_can_only_join(check):
    with pytest.raises(RuntimeError, match="can only join"):
        resolve(Graph(PATH, LINE), check=check).fitted().split(np.arange(2), None)
