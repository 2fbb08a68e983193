import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.utils.estimator_checks import (
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_set_params,
)

from skattn import Graph, GraphAttentionClassifier
from skattn.preprocessing import NodeTransformer

RING = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
X = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 5.0], [6.0, 1.0]])


@pytest.fixture
def graph():
    return Graph(RING, X)


def frame_graph():
    frame = pd.DataFrame({"height": [0.0, 2.0, 4.0, 6.0], "kind": list("pqpr")})
    return Graph(RING, frame)


def encoder():
    return make_column_transformer(
        (StandardScaler(), ["height"]),
        (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["kind"]),
        verbose_feature_names_out=False,
    )


def test_transformer_is_fitted_on_targets_and_transforms_all_nodes(graph):
    transformer = NodeTransformer(StandardScaler()).fit(graph[[0, 1]])
    assert_array_equal(transformer.transformer_.mean_, [1, 1])
    assert_array_equal(transformer.transformer_.scale_, [1, 1])
    out = transformer.transform(graph[[3]])
    assert_array_equal(out.X, [[-1, 0], [1, 0], [3, 4], [5, 0]])
    assert_array_equal(out.targets, [3])


def test_only_the_features_of_the_graph_change():
    features = np.arange(8.0)[:, None]
    graph = Graph(RING, X, edge_features=features, nodes=pd.Index(list("abcd")))
    out = NodeTransformer(StandardScaler()).fit_transform(graph)
    assert isinstance(out, Graph)
    assert out.adjacency is graph.adjacency
    assert out.edge_features is graph.edge_features
    assert out.nodes is graph.nodes
    assert_array_equal(graph.X, X)


def test_targets_that_repeat_count_as_often(graph):
    transformer = NodeTransformer(StandardScaler()).fit(graph[[0, 0, 0, 2]])
    assert_array_equal(transformer.transformer_.mean_, [1, 2])


def test_views_of_one_graph_stay_views_of_one_graph(graph):
    transformer = NodeTransformer(StandardScaler()).fit(graph[:2])
    out = transformer.transform(graph[2:])
    assert out.is_view
    assert out.shape == (2, 2)
    assert_array_equal(out[[1]].targets, [3])


def test_transformer_given_is_cloned_and_not_fitted(graph):
    inner = StandardScaler()
    transformer = NodeTransformer(inner).fit(graph)
    assert transformer.transformer is inner
    assert not hasattr(inner, "mean_")


def test_sparse_features_stay_sparse():
    graph = Graph(RING, sp.csr_array(X))
    out = NodeTransformer(MaxAbsScaler()).fit_transform(graph[[0, 1]])
    assert sp.issparse(out.X)
    assert_array_equal(out.X.toarray(), X / [2, 1])


def test_column_transformer_reads_frames_and_ignores_unknown_categories():
    graph = frame_graph()
    transformer = NodeTransformer(encoder()).fit(graph[:2])
    expected = [[-1, 1, 0], [1, 0, 1], [3, 1, 0], [5, 0, 0]]
    assert_array_equal(transformer.transform(graph).X, expected)


def test_pipeline_is_a_valid_transformer():
    holes = X.copy()
    holes[0, 1] = np.nan
    inner = make_pipeline(SimpleImputer(), StandardScaler())
    out = NodeTransformer(inner).fit_transform(Graph(RING, holes)[[0, 1, 2]])
    filled = X.copy()
    filled[0, 1] = 3.0
    assert_allclose(out.X, (filled - filled[:3].mean(0)) / filled[:3].std(0))


def test_labels_are_passed_to_supervised_transformers(graph):
    transformer = NodeTransformer(SelectKBest(k=1)).fit(graph, [0, 0, 1, 1])
    assert_array_equal(transformer.transform(graph).X, X[:, :1])


def test_labels_are_aligned_with_the_nodes(graph):
    named = Graph(graph.adjacency, graph.X, nodes=list("abcd"))
    y = pd.Series([0, 0, 1, 1], index=list("abcd"))
    for labels in (y, y[::-1], y.sample(frac=1, random_state=0)):
        fitted = NodeTransformer(SelectKBest(k=1)).fit(named, labels)
        expected = SelectKBest(k=1).fit(graph.X, y).scores_
        assert_array_equal(fitted.transformer_.scores_, expected)
    with pytest.raises(ValueError, match=r"index of y .*got 'e' and no 'a'"):
        NodeTransformer(SelectKBest(k=1)).fit(named, y.rename({"a": "e"}))


def test_labels_of_the_features_stay_labels_of_the_nodes():
    X = pd.DataFrame({"f": [1.0, 3.0]}, index=["a", "b"])
    graph = Graph(np.eye(2), X)
    scaled = NodeTransformer(StandardScaler()).fit_transform(graph[[1]])
    assert list(scaled.nodes) == ["a", "b"]
    assert scaled.targets.tolist() == [1]
    many = NodeTransformer(StandardScaler()).fit_transform([graph, graph])
    assert [each.nodes for each in many] == [None, None]


def test_feature_names_in_and_out():
    transformer = NodeTransformer(encoder()).fit(frame_graph())
    assert transformer.n_features_in_ == 2
    assert_array_equal(transformer.feature_names_in_, ["height", "kind"])
    names = ["height", "kind_p", "kind_q", "kind_r"]
    assert_array_equal(transformer.get_feature_names_out(), names)


def test_arrays_have_no_names_even_after_a_frame(graph):
    transformer = NodeTransformer(StandardScaler())
    transformer.fit(Graph(RING, pd.DataFrame(X, columns=["a", "b"])))
    assert_array_equal(transformer.feature_names_in_, ["a", "b"])
    transformer.fit(graph)
    assert not hasattr(transformer, "feature_names_in_")
    assert transformer.n_features_in_ == 2


@pytest.mark.parametrize("inner", [StandardScaler(), FunctionTransformer()])
def test_names_that_changed_are_an_error(inner):
    transformer = NodeTransformer(inner)
    transformer.fit(Graph(RING, pd.DataFrame(X, columns=["a", "b"])))
    with pytest.raises(ValueError, match="feature names should match"):
        transformer.transform(Graph(RING, pd.DataFrame(X, columns=["a", "c"])))


@pytest.mark.parametrize("inner", [StandardScaler(), FunctionTransformer(np.abs)])
def test_another_number_of_features_is_an_error(graph, inner):
    transformer = NodeTransformer(inner).fit(graph)
    message = "X has 3 features, but NodeTransformer is expecting 2 features"
    with pytest.raises(ValueError, match=message):
        transformer.transform(Graph(RING, np.ones((4, 3))))


def test_another_graph_is_transformed_with_the_fitted_statistics(graph):
    transformer = NodeTransformer(StandardScaler()).fit(graph[[0, 1]])
    other = Graph(np.eye(1), [[9.0, 3.0]])
    assert_array_equal(transformer.transform(other).X, [[8, 2]])


@pytest.mark.parametrize("set_up", ["method", "config"])
def test_features_are_returned_in_the_configured_container(set_up):
    transformer = NodeTransformer(encoder())
    if set_up == "method":
        out = transformer.set_output(transform="pandas").fit_transform(frame_graph())
    else:
        with sklearn.config_context(transform_output="pandas"):
            out = transformer.fit_transform(frame_graph())
    assert isinstance(out, Graph)
    assert list(out.X.columns) == ["height", "kind_p", "kind_q", "kind_r"]


def test_container_can_be_chosen_after_fit():
    transformer = NodeTransformer(encoder()).fit(frame_graph())
    assert transformer.set_output(transform="pandas") is transformer
    assert isinstance(transformer.transform(frame_graph()).X, pd.DataFrame)
    transformer.set_output(transform="default")
    assert isinstance(transformer.transform(frame_graph()).X, np.ndarray)


def test_pipeline_sets_the_container():
    clf = GraphAttentionClassifier(max_epochs=2, hidden_dim=4, random_state=0)
    pipeline = make_pipeline(NodeTransformer(encoder()), clf)
    pipeline.set_output(transform="pandas").fit(frame_graph(), [0, 1, 0, 1])
    names = ["height", "kind_p", "kind_q", "kind_r"]
    assert_array_equal(pipeline[-1].feature_names_in_, names)


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize("table", [X, X.tolist(), pd.DataFrame(X)])
def test_table_is_an_error_that_names_the_conversion(graph, method, table):
    transformer = NodeTransformer(StandardScaler()).fit(graph)
    message = f"a Graph or a list of graphs, got {type(table).__name__}.*knn_graph"
    with pytest.raises(TypeError, match=message):
        getattr(transformer, method)(table)


def test_graph_without_features_is_an_error_with_the_remedy():
    with pytest.raises(ValueError, match=r"graph with features.*with_features\(X\)"):
        NodeTransformer(StandardScaler()).fit(Graph(RING))


def test_transform_needs_fit(graph):
    for method in ("transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError):
            getattr(NodeTransformer(StandardScaler()), method)(graph)


@pytest.mark.parametrize("inner", [None, "passthrough", GraphAttentionClassifier()])
def test_an_inner_step_without_transform_is_an_error(graph, inner):
    with pytest.raises(ValueError, match=r"must be an object implementing .*transform"):
        NodeTransformer(inner).fit(graph)


def test_failed_fit_leaves_the_transformer_unchanged(graph):
    transformer = NodeTransformer(StandardScaler()).fit(graph)
    before = dict(vars(transformer))
    with pytest.raises(ValueError, match="could not convert"):
        transformer.fit(frame_graph())
    assert vars(transformer) == before


class DropsRows(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[1:]


def test_transformer_that_loses_rows_is_an_error(graph):
    with pytest.raises(ValueError, match="one row per"):
        NodeTransformer(DropsRows()).fit_transform(graph)


def test_clone_is_unfitted_with_a_transformer_of_its_own(graph):
    transformer = NodeTransformer(StandardScaler(with_mean=False)).fit(graph)
    copied = clone(transformer)
    assert not hasattr(copied, "transformer_")
    assert copied.transformer is not transformer.transformer
    assert copied.get_params()["transformer__with_mean"] is False


def test_pickled_transformer_is_fitted(graph):
    transformer = NodeTransformer(StandardScaler()).fit(graph)
    again = pickle.loads(pickle.dumps(transformer))
    assert_array_equal(again.transform(graph).X, transformer.transform(graph).X)


@pytest.mark.parametrize(
    "check",
    [
        check_estimator_repr,
        check_estimator_tags_renamed,
        check_get_params_invariance,
        check_no_attributes_set_in_init,
        check_set_params,
    ],
)
def test_parameters_keep_sklearns_contract(check):
    check("NodeTransformer", NodeTransformer(StandardScaler()))


def test_fit_sets_learned_attributes_alone(graph):
    transformer = NodeTransformer(StandardScaler())
    before = set(vars(transformer))
    transformer.fit(graph)
    learned = set(vars(transformer)) - before
    assert learned == {"transformer_", "n_features_in_"}


def communities():
    """Two groups of 15 nodes on rings; one feature in thousands separates them."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 15)
    X = np.column_stack([5000 + 2000 * y + rng.normal(0, 300, 30), rng.random(30)])
    ring = np.roll(np.eye(15), 1, axis=0)
    return Graph(np.kron(np.eye(2), ring + ring.T), X), y


def classifier():
    return GraphAttentionClassifier(
        hidden_dim=8, n_heads=2, max_epochs=15, random_state=0
    )


def test_search_over_a_graph_scales_per_fold():
    graph, y = communities()
    pipeline = make_pipeline(NodeTransformer(StandardScaler()), classifier())
    grid = {"nodetransformer__transformer": [StandardScaler(), PCA(1, whiten=True)]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(graph, y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_[0].n_features_in_ == 2


def test_folds_equal_explicit_ones():
    graph, y = communities()
    pipeline = make_pipeline(NodeTransformer(StandardScaler()), classifier())
    order = np.random.default_rng(1).permutation(30)
    folds = [(np.setdiff1d(order, part), part) for part in np.split(order, 3)]
    ours = cross_val_predict(pipeline, graph, y, cv=folds, method="predict_proba")
    for train, test in folds:
        mean, scale = graph.X[train].mean(0), graph.X[train].std(0)
        scaled = graph.with_features((graph.X - mean) / scale)
        fitted = classifier().fit(scaled[train], y[train])
        assert_allclose(ours[test], fitted.predict_proba(scaled[test]), atol=1e-6)


def two_graphs():
    return [Graph(RING, X), Graph([[0, 1], [1, 0]], [[8.0, 1.0], [10.0, 3.0]])]


def test_many_graphs_are_one_table_of_all_their_nodes():
    graphs = two_graphs()
    transformer = NodeTransformer(StandardScaler()).fit(graphs)
    assert_allclose(transformer.transformer_.mean_, [5, 2])
    out = transformer.transform(graphs)
    assert isinstance(out, list)
    expected = StandardScaler().fit_transform(np.vstack([g.X for g in graphs]))
    assert_allclose(np.vstack([g.X for g in out]), expected)
    assert [g.adjacency for g in out] == [g.adjacency for g in graphs]


def test_a_fit_on_many_graphs_transforms_one_and_the_reverse():
    graphs = two_graphs()
    transformer = NodeTransformer(StandardScaler()).fit(graphs)
    one = transformer.transform(graphs[1])
    assert_array_equal(one.X, transformer.transform(graphs)[1].X)
    transformer.fit(graphs[0])
    (out,) = transformer.transform(graphs[:1])
    assert_allclose(out.X.mean(axis=0), [0, 0], atol=1e-12)


def test_every_node_of_a_list_has_the_label_of_its_graph():
    y = [0, 1, 0, 1]
    graphs = [
        Graph([[0, 1], [1, 0]], [[i, answer], [i % 2, answer + 0.1]])
        for i, answer in enumerate(y)
    ]
    out = NodeTransformer(SelectKBest(k=1)).fit_transform(graphs, y)
    assert [graph.X.ravel().tolist() for graph in out] == [[0, 0.1], [1, 1.1]] * 2


def test_labels_must_be_as_many_as_graphs():
    with pytest.raises(ValueError, match=r"one entry per graph \(2\), got 6"):
        NodeTransformer(SelectKBest(k=1)).fit(two_graphs(), np.arange(6))


def test_frames_of_many_graphs_with_equal_indices():
    graphs = [frame_graph(), frame_graph()]
    transformer = NodeTransformer(encoder()).set_output(transform="pandas")
    out = transformer.fit_transform(graphs)
    names = ["height", "kind_p", "kind_q", "kind_r"]
    assert [list(graph.X.columns) for graph in out] == [names, names]
    assert_array_equal(out[0].X, out[1].X)


def test_sparse_features_of_many_graphs_stay_sparse():
    graphs = [graph.with_features(sp.csr_array(graph.X)) for graph in two_graphs()]
    for graph in NodeTransformer(MaxAbsScaler()).fit_transform(graphs):
        assert sp.issparse(graph.X)


def test_inconsistent_lists_of_graphs_are_errors():
    transformer = NodeTransformer(StandardScaler())
    with pytest.raises(ValueError, match="graph 1 has"):
        transformer.fit([Graph(RING, X), Graph(RING, X[:, :1])])
    with pytest.raises(TypeError, match="got ndarray at position 1"):
        transformer.fit([Graph(RING, X), X])
    with pytest.raises(ValueError, match="at least one graph"):
        transformer.fit([])
    with pytest.raises(ValueError, match=r"graph with features.*with_features\(X\)"):
        transformer.fit([Graph(RING)])


def test_transformer_that_loses_rows_of_many_graphs_is_an_error():
    with pytest.raises(ValueError, match="one row per"):
        NodeTransformer(DropsRows()).fit_transform(two_graphs())


@pytest.mark.parametrize("form", ["csr", "bsr", "coo", "dia", "lil"])
def test_features_in_any_sparse_format_are_transformed(form):
    X = sp.csr_array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    graph = NodeTransformer(MaxAbsScaler()).fit_transform(
        Graph(np.eye(3), X.asformat(form))
    )
    np.testing.assert_allclose(graph.X.toarray(), X.toarray() / [3, 2])
