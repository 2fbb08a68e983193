"""Indexing of graphs by scikit-learn's utilities, splitters and searches."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    learning_curve,
    train_test_split,
)
from sklearn.utils import _safe_indexing, check_array, indexable, resample, shuffle
from sklearn.utils.validation import _num_features, _num_samples

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection

N_NODES = 30


@pytest.fixture
def graph():
    rng = np.random.default_rng(0)
    adjacency = rng.random((N_NODES, N_NODES)) < 0.2
    return Graph(adjacency, np.arange(N_NODES * 2.0).reshape(N_NODES, 2))


class Echo(RegressorMixin, BaseEstimator):
    """Regressor that predicts the position of each target."""

    def __init__(self, graph=None, shift=0):
        self.graph = graph
        self.shift = shift

    def fit(self, X, y):
        assert isinstance(X, Graph)
        assert X.n_nodes == N_NODES
        np.testing.assert_array_equal(y, X.targets)
        return self

    def predict(self, X):
        return X.targets + self.shift


@pytest.mark.parametrize(
    "key",
    [
        3,
        slice(2, 9, 3),
        [4, 1, 4],
        np.array([5, 0]),
        np.arange(N_NODES) % 2 == 0,
        (np.arange(N_NODES) % 2 == 0).tolist(),
    ],
)
def test_safe_indexing_slices_targets(graph, key):
    expected = np.atleast_1d(np.arange(N_NODES)[key])
    np.testing.assert_array_equal(_safe_indexing(graph, key).targets, expected)


def test_number_of_samples_and_features_is_that_of_the_targets(graph):
    assert _num_samples(graph[:4]) == 4
    assert _num_features(graph) == 2
    assert indexable(graph, None)[0] is graph


def test_split_shuffle_and_resample_give_views(graph):
    y = np.arange(N_NODES)
    for X, labels in (
        train_test_split(graph, y, random_state=0)[1::2],
        shuffle(graph, y, random_state=0),
        resample(graph, y, random_state=0),
    ):
        assert X.is_view
        np.testing.assert_array_equal(X.targets, labels)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_search_slices_the_graph(graph, n_jobs):
    search = GridSearchCV(Echo(), {"shift": [1, 0]}, cv=3, n_jobs=n_jobs)
    y = np.arange(N_NODES)
    search.fit(graph, y)
    assert search.best_params_ == {"shift": 0}
    assert search.best_score_ == 1


def test_cross_validated_predictions_are_of_their_own_rows(graph):
    y = np.arange(N_NODES)
    predicted = cross_val_predict(Echo(), graph, y, cv=4)
    np.testing.assert_array_equal(predicted, y)


def test_learning_curve_slices_the_graph(graph):
    sizes, _, scores = learning_curve(Echo(), graph, np.arange(N_NODES), cv=3)
    assert sizes[-1] == 20
    assert (scores == 1).all()


def test_clone_keeps_the_graph_itself(graph):
    assert clone(graph) is graph
    assert clone(Echo(graph=graph)).graph is graph


def test_steps_that_need_arrays_raise_an_error(graph):
    with pytest.raises(ValueError, match="A Graph cannot be converted to an array"):
        check_array(graph)


class SizeEcho(RegressorMixin, BaseEstimator):
    """Regressor that predicts the number of nodes of each graph."""

    def __init__(self, shift=0):
        self.shift = shift

    def fit(self, X, y):
        np.testing.assert_array_equal(np.diff(GraphCollection.of(X).node_ptr), y)
        return self

    def predict(self, X):
        return np.diff(GraphCollection.of(X).node_ptr) + self.shift


def as_objects(graphs):
    return np.array(graphs, dtype=object)


@pytest.mark.parametrize("make", [list, tuple, as_objects, pd.Series])
def test_lists_of_graphs_are_sliced_by_searches_and_splits(make):
    sizes = np.arange(1, 13)
    graphs = make([Graph(np.zeros((n, n))) for n in sizes])
    search = GridSearchCV(SizeEcho(), {"shift": [0, 1]}, cv=3).fit(graphs, sizes)
    assert search.best_params_ == {"shift": 0}
    predicted = cross_val_predict(SizeEcho(), graphs, sizes, cv=3)
    np.testing.assert_array_equal(predicted, sizes)
    train, test = train_test_split(graphs, test_size=3, random_state=0)
    assert GraphCollection.of(train).n_graphs == 9
    assert GraphCollection.of(test).n_graphs == 3
