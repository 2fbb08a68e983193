import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skattn import Graph, GraphAttentionClassifier
from skattn.preprocessing import EdgeTransformer, NodeTransformer

# edges 0-1, 0-2, 1-0, 2-1
ADJACENCY = np.array([[0, 1, 1], [1, 0, 0], [0, 1, 0]])
X = np.eye(3)
FEATURES = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 20.0], [7.0, 40.0]])


@pytest.fixture
def graph():
    return Graph(ADJACENCY, X, edge_features=FEATURES, nodes=["a", "b", "c"])


def test_edge_features_are_transformed_and_all_else_stays(graph):
    out = EdgeTransformer(StandardScaler()).fit_transform(graph)
    assert_allclose(
        out.edge_features, StandardScaler().fit_transform(FEATURES), rtol=1e-6
    )
    assert out.edge_features.dtype == np.float32
    assert out.adjacency is graph.adjacency
    assert out.X is graph.X
    assert list(out.nodes) == ["a", "b", "c"]
    assert_array_equal(graph.edge_features, FEATURES)


def test_edges_of_target_receivers_are_fitted_and_all_are_transformed(graph):
    transformer = EdgeTransformer(StandardScaler()).fit(graph[[0]])
    assert_allclose(transformer.transformer_.mean_, [2, 20])
    out = transformer.transform(graph[[1, 1]])
    assert_allclose(out.edge_features[:, 0], [-1, 1, 3, 5])
    assert_array_equal(out.targets, [1, 1])
    assert out.is_view


def test_codes_become_indicators():
    graph = Graph(ADJACENCY, X, edge_features=[2, 1, 2, 3])
    transformer = EdgeTransformer(OneHotEncoder(handle_unknown="ignore"))
    out = transformer.fit(graph).transform(graph)
    assert_array_equal(out.edge_features.argmax(1), [1, 0, 1, 2])
    assert transformer.get_feature_names_out().tolist() == [
        "x0_1.0",
        "x0_2.0",
        "x0_3.0",
    ]
    assert transformer.n_features_in_ == 1


def test_columns_are_chosen_by_position_and_containers_are_read(graph):
    log = FunctionTransformer(np.log, feature_names_out="one-to-one")
    inner = ColumnTransformer([("log", log, [1])])
    out = EdgeTransformer(inner).set_output(transform="pandas").fit_transform(graph)
    assert_allclose(out.edge_features.ravel(), np.log(FEATURES[:, 1]), rtol=1e-6)


def graphs():
    return [
        Graph(ADJACENCY, X, edge_features=FEATURES),
        Graph([[0, 1], [0, 0]], X[:2], edge_features=[[9.0, 0.0]]),
        Graph(np.zeros((2, 2)), X[:2], edge_features=np.empty((0, 2))),
    ]


def test_edges_of_many_graphs_are_one_table():
    transformer = EdgeTransformer(StandardScaler()).fit(graphs())
    assert_allclose(transformer.transformer_.mean_, [5, 20])
    out = transformer.transform(graphs())
    assert [one.edge_features.shape for one in out] == [(4, 2), (1, 2), (0, 2)]
    table = np.concatenate([one.edge_features for one in out])
    assert_allclose(table.mean(0), [0, 0], atol=1e-6)
    (alone,) = transformer.transform(graphs()[1:2])
    assert_array_equal(alone.edge_features, out[1].edge_features)


def test_edges_have_the_label_of_their_receiver_or_graph(graph):
    seen = []

    class Watch(TransformerMixin, BaseEstimator):
        def fit(self, X, y):
            seen.append(np.array(y).tolist())
            return self

        def transform(self, X):
            return X

    EdgeTransformer(Watch()).fit(graph[[2, 0]], ["late", "early"])
    EdgeTransformer(Watch()).fit(graphs(), [4, 5, 6])
    assert seen == [["late", "early", "early"], [4, 4, 4, 4, 5]]
    with pytest.raises(ValueError, match=r"one entry per graph \(3\), got 2"):
        EdgeTransformer(SelectKBest(k=1)).fit(graphs(), [0, 1])


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_input_without_edge_features_is_an_error_with_the_remedy(method):
    transformer = EdgeTransformer(StandardScaler())
    with pytest.raises(ValueError, match=r"with edge features.*edge_feat"):
        getattr(transformer, method)(Graph(ADJACENCY, X))
    with pytest.raises(
        TypeError, match="EdgeTransformer needs X to be a Graph or a list"
    ):
        getattr(transformer, method)(pd.DataFrame(X))


def test_fit_needs_edges_of_the_targets():
    graph = Graph([[0, 1], [0, 0]], X[:2], edge_features=[1.0])
    with pytest.raises(ValueError, match="receivers are target nodes, got none"):
        EdgeTransformer(StandardScaler()).fit(graph[[1]])


def test_other_features_than_at_fit_are_an_error(graph):
    transformer = EdgeTransformer(StandardScaler()).fit(graph)
    other = Graph(ADJACENCY, X, edge_features=FEATURES[:, :1])
    with pytest.raises(ValueError, match="X has 1 features, but EdgeTransformer"):
        transformer.transform(other)


class DropsRows(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[1:]


def test_transformer_that_loses_rows_or_makes_nan_is_an_error(graph):
    with pytest.raises(ValueError, match="one row per"):
        EdgeTransformer(DropsRows()).fit_transform(graph)
    makes_nan = EdgeTransformer(FunctionTransformer(lambda t: t * np.nan))
    with pytest.raises(ValueError, match="edge_features must be finite"):
        makes_nan.fit_transform(graph)


def test_clone_pickle_and_unfitted_use(graph):
    transformer = EdgeTransformer(StandardScaler()).fit(graph)
    again = pickle.loads(pickle.dumps(transformer)).transform(graph)
    expected = transformer.transform(graph)
    assert_array_equal(again.edge_features, expected.edge_features)
    assert clone(transformer).get_params()["transformer__with_mean"] is True
    with pytest.raises(NotFittedError):
        clone(transformer).transform(graph)


def ring(n=24):
    """A ring with codes as edge features, odd ones for one class."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    codes = 2 * rng.integers(0, 3, n) + y
    return Graph(
        np.roll(np.eye(n), 1, 1), rng.normal(size=(n, 2)), edge_features=codes
    ), y


def classifier(**params):
    return GraphAttentionClassifier(
        hidden_dim=8, max_epochs=5, random_state=0, **params
    )


def test_folds_equal_explicit_ones():
    graph, y = ring()
    pipeline = make_pipeline(
        NodeTransformer(StandardScaler()),
        EdgeTransformer(OneHotEncoder(handle_unknown="ignore", max_categories=3)),
        classifier(),
    )
    order = np.random.default_rng(1).permutation(24)
    folds = [(np.setdiff1d(order, part), part) for part in np.split(order, 3)]
    ours = cross_val_predict(pipeline, graph, y, cv=folds, method="predict_proba")
    for train, test in folds:
        fitted = clone(pipeline).fit(graph[train], y[train])
        assert_allclose(ours[test], fitted.predict_proba(graph[test]), atol=1e-6)


def test_search_over_the_transformer():
    graph, y = ring()
    pipeline = make_pipeline(EdgeTransformer(StandardScaler()), classifier())
    grid = {
        "edgetransformer__transformer": [
            StandardScaler(),
            OneHotEncoder(handle_unknown="ignore"),
        ]
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(graph, y)
    assert search.best_estimator_[0].n_features_in_ == 1
