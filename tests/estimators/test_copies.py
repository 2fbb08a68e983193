"""Pickles and copies of fitted estimators."""

import copy
import gc
import pickle
import weakref

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from skattn import Graph, GraphAttentionClassifier, GraphAttentionRegressor


def by_joblib(estimator, folder):
    joblib.dump(estimator, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


COPIERS = {
    "pickle": lambda estimator, folder: pickle.loads(pickle.dumps(estimator)),
    "joblib": by_joblib,
    "deepcopy": lambda estimator, folder: copy.deepcopy(estimator),
}


@pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS)
@pytest.mark.parametrize("way_in", ["table", "adjacency", "graph", "named"])
def test_copies_predict_the_same(small, table, adjacency, tmp_path, copier, way_in):
    X, y = table
    names = pd.Index([f"n{i}" for i in range(40)])
    X, given, params = {
        "table": (X, {}, {}),
        "adjacency": (X, {"adjacency": adjacency}, {}),
        "graph": (Graph(adjacency, X), {}, {}),
        "named": (
            pd.DataFrame(X, columns=list("abc"), index=names),
            {},
            {"graph": Graph(adjacency, nodes=names)},
        ),
    }[way_in]
    clf = small(**params).fit(X, y, **given)
    twin = copier(clf, tmp_path)
    np.testing.assert_array_equal(
        twin.predict_proba(X, **given), clf.predict_proba(X, **given)
    )
    twin.fit(X, y, **given)
    assert twin.loss_curve_ == clf.loss_curve_


@pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS)
def test_copies_of_a_regressor_predict_the_same(small, table, tmp_path, copier):
    X, _ = table
    reg = small(GraphAttentionRegressor).fit(X, X[:, :2] * 50)
    np.testing.assert_array_equal(copier(reg, tmp_path).predict(X), reg.predict(X))


def test_a_pickle_after_a_million_edges_holds_no_graph():
    n_nodes, rng = 20_000, np.random.default_rng(0)
    ends = rng.integers(n_nodes, size=(2, 1_000_000))
    adjacency = sp.coo_array((np.ones(1_000_000), ends), shape=(n_nodes, n_nodes))
    graph = Graph(adjacency.tocsr().astype(bool), rng.normal(size=(n_nodes, 16)))
    y = rng.integers(3, size=n_nodes)
    clf = GraphAttentionClassifier(max_epochs=1).fit(graph[:100], y[:100])
    assert graph.n_edges > 990_000
    assert len(pickle.dumps(clf)) < 1_000_000
    there = weakref.ref(graph.base)
    del graph
    gc.collect()
    assert there() is None


def test_a_fitted_estimator_lets_go_of_the_validation_graph(
    small, graph, y, table, adjacency
):
    other = Graph(adjacency.T, table[0])
    there = weakref.ref(other)
    clf = small().fit(graph, y, X_val=other, y_val=y)
    del other
    gc.collect()
    assert there() is None
    assert clf.validation_curve_


def test_pickles_do_not_change_the_original(small, graph, y):
    clf = small().fit(graph, y)
    before = clf.predict_proba(graph)
    pickle.dumps(clf)
    np.testing.assert_array_equal(clf.predict_proba(graph), before)


def test_a_pickle_of_another_device_opens(small, graph, y):
    clf = small().fit(graph, y)
    expected = clf.predict_proba(graph)
    clf.device = clf.net_.device = "cuda"
    twin = pickle.loads(pickle.dumps(clf))
    twin.device = "cuda:97"  # absent on any machine
    with pytest.warns(UserWarning, match="The CPU is used"):
        np.testing.assert_array_equal(twin.predict_proba(graph), expected)
    with pytest.raises(ValueError, match=r"cuda:97.*is not available"):
        twin.fit(graph, y)


def test_an_unfitted_estimator_is_copied_too(small, tmp_path):
    for copier in COPIERS.values():
        assert copier(small(), tmp_path).get_params() == small().get_params()
