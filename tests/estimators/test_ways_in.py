"""Fits on tables, tables with an adjacency, graphs, and rows that join a graph."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.nn import HopAttention

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def small(small):
    return partial(small, max_epochs=15, hidden_dim=16)


# ---- a table -----------------------------------------------------------------


def test_a_table_is_learned(small, table):
    X, y = table
    clf = small(max_epochs=40).fit(X, y)
    assert clf.score(X, y) > 0.9
    assert clf.n_features_in_ == 3
    assert len(clf.loss_curve_) == clf.n_iter_


def test_predictions_do_not_depend_on_the_batch_of_rows(small, table):
    X, y = table
    clf = small().fit(X[:30], y[:30])
    together = clf.predict_proba(X[30:])
    alone = [clf.predict_proba(X[[i]])[0] for i in range(30, 40)]
    np.testing.assert_allclose(together, alone, **CLOSE)
    turned = clf.predict_proba(X[30:][::-1])[::-1]
    np.testing.assert_allclose(together, turned, **CLOSE)


def test_regression_does_not_depend_on_the_batch_of_rows(small, table):
    X, _ = table
    reg = small(GraphAttentionRegressor).fit(X[:30], X[:30, 0])
    alone = np.concatenate([reg.predict(X[[i]]) for i in range(40)])
    np.testing.assert_allclose(reg.predict(X), alone, **CLOSE)


def test_a_new_row_attends_to_training_rows_only(small, table):
    X, y = table
    clf = small().fit(X[:30], y[:30])
    twins = np.repeat(X[[35]], 20, axis=0)  # nearest to each other, but not to be used
    np.testing.assert_allclose(
        clf.predict_proba(twins), clf.predict_proba(X[[35] * 20]), **CLOSE
    )
    np.testing.assert_allclose(
        clf.predict_proba(twins)[0], clf.predict_proba(X[[35]])[0], **CLOSE
    )


def attending(model):
    blocks = model.net_.module_.encoder.blocks
    return [isinstance(block.attention, HopAttention) for block in blocks]


def test_only_the_last_layer_attends_on_a_plain_table(small, table, adjacency):
    X, y = table
    for cls in (GraphAttentionClassifier, GraphAttentionRegressor):
        assert attending(small(cls).fit(X, y)) == [False, False, True]
    assert attending(small(n_layers=1).fit(X, y)) == [True]
    assert attending(small().fit(Graph(adjacency, X), y)) == [True] * 3
    assert attending(small().fit(X, y, adjacency=adjacency)) == [True] * 3
    clf = small(encoder=EncoderConfig(output="attention")).fit(X, y)
    assert attending(clf) == [False, False]


@pytest.mark.parametrize(("n_feature_layers", "expected"), [(0, 3), (1, 2), (2, 1)])
def test_n_feature_layers_sets_the_number_of_attention_layers(
    small, table, graph, n_feature_layers, expected
):
    X, y = table
    for rows in (X, graph):
        config = EncoderConfig(n_feature_layers=n_feature_layers)
        assert sum(attending(small(encoder=config).fit(rows, y))) == expected


def test_the_default_activation_depends_on_the_input(small, table, adjacency):
    X, y = table

    def activation(cls=GraphAttentionClassifier, rows=X, **config):
        model = small(cls, encoder=EncoderConfig(**config)).fit(rows, y)
        return model.net_.objective.spec.block.activation

    assert activation() == activation(GraphAttentionRegressor) == "gelu"
    assert activation(AttentionEmbedder) == "elu"
    assert activation(rows=Graph(adjacency, X)) == "elu"
    assert activation(GraphAttentionRegressor, Graph(adjacency, X)) == "silu"
    assert activation(GraphAttentionRegressor, [Graph(adjacency, X)] * len(y)) == "elu"
    assert activation(activation="silu") == "silu"
    # the activation of a pretrained encoder is the embedder's
    graph = Graph(adjacency, X)
    reg = small(GraphAttentionRegressor, pretrained=small(AttentionEmbedder).fit(graph))
    spec = reg.fit(graph, y).net_.objective.spec
    assert spec.block.activation == "elu"


def test_outputs_of_all_layers_are_combined_where_classes_of_plain_tables_are_learned(
    small, table, adjacency
):
    X, y = table

    def jumping(cls=GraphAttentionClassifier, rows=X, **params):
        model = small(cls, max_epochs=1, **params).fit(rows, y)
        return model.net_.objective.spec.jumping

    assert jumping() == jumping(rows=sp.csr_array(X)) == "concat"
    assert jumping(GraphAttentionRegressor) is None
    assert jumping(AttentionEmbedder) is None
    assert jumping(rows=Graph(adjacency, X)) is None
    assert jumping(pretrained=small(AttentionEmbedder).fit(X)) is None
    assert jumping(encoder=EncoderConfig(jumping=None)) is None
    assert jumping(encoder=EncoderConfig(jumping="attention")) == "attention"


@pytest.mark.parametrize("cls", [GraphAttentionClassifier, GraphAttentionRegressor])
def test_features_have_a_periodic_embedding_if_configured(small, table, adjacency, cls):
    X, y = table
    periodic = EncoderConfig(feature_embedding="periodic")
    for rows in (X, Graph(adjacency, X)):
        assert small(cls, max_epochs=1).fit(rows, y).net_.module_.embedding is None
        model = small(cls, max_epochs=1, encoder=periodic).fit(rows, y)
        assert model.net_.module_.embedding.out_features == 5 * X.shape[1]


@pytest.mark.parametrize("many", [False, True])
def test_periodic_waves_do_not_depend_on_units(small, table, adjacency, many):
    X, y = table
    periodic = EncoderConfig(feature_embedding="periodic")
    found = []
    for unit, offset in ((1.0, 0.0), (1000.0, 273.0)):
        graph = Graph(adjacency, unit * X + offset)
        rows = [graph[[k]].subgraph() for k in range(len(y))] if many else graph
        clf = small(encoder=periodic, norm="layer").fit(rows, y)
        assert clf.net_.module_.embedding.frequency.grad is not None
        found.append(clf.predict_proba(rows))
    np.testing.assert_allclose(*found, atol=1e-4)


def test_a_periodic_embedding_of_sparse_features_is_refused(small, table):
    X, y = table
    clf = small(encoder=EncoderConfig(feature_embedding="periodic"))
    with pytest.raises(ValueError, match=r"needs dense features.*X\.toarray\(\)"):
        clf.fit(sp.csr_array(X), y)


def test_an_embedder_takes_no_periodic_embedding(small, table):
    embedder = small(
        AttentionEmbedder, encoder=EncoderConfig(feature_embedding="periodic")
    )
    with pytest.raises(ValueError, match=r"None for an embedder.*got 'periodic'"):
        embedder.fit(table[0])


def test_one_layer_must_attend(small, table):
    with pytest.raises(ValueError, match=r"must be less than n_layers=3, got 3"):
        small(encoder=EncoderConfig(n_feature_layers=3)).fit(*table)


def test_a_table_may_start_from_an_embedder(small, table):
    X, y = table
    embedder = small(AttentionEmbedder).fit(X)
    assert attending(small(pretrained=embedder).fit(X, y)) == [True] * 2
    alone = {"encoder": EncoderConfig(n_feature_layers=2), "n_layers": 3}
    with pytest.raises(ValueError, match=r"n_feature_layers is 2 and not 'auto'"):
        small(pretrained=embedder, **alone).fit(X, y)
    embedder = small(AttentionEmbedder, **alone).fit(X)
    assert attending(small(pretrained=embedder, **alone).fit(X, y)) == [
        False,
        False,
        True,
    ]


def test_sparse_features_stay_sparse_and_mean_the_same(small, table):
    X, y = table
    X = np.where(X > 0, X, 0)
    params = {"dropout": 0.0, "early_stopping": False, "standardize": False}
    params["norm"] = "layer"
    params["encoder"] = EncoderConfig(input_dropout=0.0)
    rows = small(**params).fit(sp.csr_array(X), y)
    dense = small(**params).fit(X, y)
    assert sp.issparse(rows._prepare(sp.csc_array(X)).view.X)
    np.testing.assert_allclose(
        rows.predict_proba(sp.coo_array(X)), dense.predict_proba(X), atol=2e-3
    )


def test_a_wide_sparse_table_is_never_made_dense(small, graph, y):
    width = 2_000_000  # 40 dense rows of float32 would be 320 MB, the weight 64 MB
    X = sp.random_array((40, width), density=1e-6, format="csr", rng=0)
    clf = small(max_epochs=1, hidden_dim=4, n_layers=1, residual=False, dropout=0.0)
    clf.fit(graph.with_features(X), y)
    assert sp.issparse(clf._prepare(graph.with_features(X)).view.X)


def test_any_numeric_type_is_converted_to_float32(small, table):
    X, y = table
    X = np.round(X * 4)
    ref = small().fit(X.astype(np.float32), y).predict_proba(X)
    for dtype in (np.float64, np.int64, np.int8, object):
        np.testing.assert_array_equal(
            small().fit(X.astype(dtype), y).predict_proba(X.astype(dtype)), ref
        )


def test_feature_names_are_kept_and_checked(small, table):
    X, y = table
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    clf = small().fit(frame, y)
    np.testing.assert_array_equal(clf.feature_names_in_, ["a", "b", "c"])
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(frame[["b", "a", "c"]])
    clf.fit(X, y)
    assert not hasattr(clf, "feature_names_in_")


# ---- a table and its adjacency -----------------------------------------------


def test_a_table_with_its_adjacency_is_the_graph_of_both(small, table, adjacency):
    X, y = table
    by_table = small().fit(X, y, adjacency=adjacency)
    by_graph = small().fit(Graph(adjacency, X), y)
    np.testing.assert_array_equal(
        by_table.predict_proba(X, adjacency=sp.coo_matrix(adjacency)),
        by_graph.predict_proba(Graph(adjacency, X)),
    )
    assert by_table.score(X, y, adjacency=adjacency) == by_graph.score(
        Graph(adjacency, X), y
    )


def test_an_adjacency_at_predict_is_a_graph_of_its_own(small, table, adjacency):
    X, y = table
    clf = small().fit(X, y, adjacency=adjacency)
    rows = np.arange(10)
    cut = adjacency[np.ix_(rows, rows)]
    np.testing.assert_array_equal(
        clf.predict_proba(X[rows], adjacency=cut),
        small().fit(Graph(adjacency, X), y).predict_proba(Graph(cut, X[rows])),
    )
    without = clf.predict_proba(X[rows], adjacency=np.zeros((10, 10)))
    assert np.abs(without - clf.predict_proba(X[rows], adjacency=cut)).max() > 1e-3


# ---- views of a graph --------------------------------------------------------


def test_a_slice_names_targets_and_the_rest_is_context(small, table, adjacency):
    X, y = table
    train, test = np.arange(30), np.arange(30, 40)
    params = {"early_stopping": False}
    clf = small(**params).fit(Graph(adjacency, X)[train], y[train])
    assert clf.predict(Graph(adjacency, X)[test]).shape == (10,)
    changed = X.copy()
    changed[test] += 10  # features of context nodes reach the training targets
    other = small(**params).fit(Graph(adjacency, changed)[train], y[train])
    assert clf.loss_curve_ != other.loss_curve_


def test_a_slice_is_predicted_as_in_the_whole_graph(small, graph, y):
    clf = small().fit(graph[:30], y[:30])
    whole = clf.predict_proba(graph)
    rows = [33, 5, 33]
    np.testing.assert_array_equal(clf.predict_proba(graph[rows]), whole[rows])


def test_another_graph_is_predicted_inductively(small, graph, y, table, adjacency):
    clf = small().fit(graph, y)
    doubled = Graph.union([graph, Graph(adjacency.T, table[0])])
    np.testing.assert_allclose(
        clf.predict_proba(doubled[:40]), clf.predict_proba(graph), **CLOSE
    )
    assert clf.predict(Graph(np.zeros((2, 2)), table[0][:2])).shape == (2,)


def test_the_order_of_the_nodes_does_not_matter(small, graph, y):
    clf = small().fit(graph, y)
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_allclose(
        clf.predict_proba(graph.subgraph(order)),
        clf.predict_proba(graph)[order],
        **CLOSE,
    )


def test_a_graph_without_features_counts_none(small, adjacency, y):
    graph = Graph(adjacency)
    clf = small().fit(graph, y)
    assert clf.n_features_in_ == 0
    assert not hasattr(clf, "feature_names_in_")
    assert clf.predict_proba(graph).shape == (40, 2)


def test_edge_weights_and_edge_features_are_used(small, table, adjacency):
    X, y = table
    edges = np.argwhere(adjacency)
    rng = np.random.default_rng(0)
    plain = small().fit(Graph(adjacency, X), y)
    weighted = Graph.from_edges(edges, X, weights=rng.random(len(edges)) + 0.1)
    featured = Graph.from_edges(edges, X, edge_features=rng.random((len(edges), 2)))
    for graph in (weighted, featured):
        clf = small().fit(graph, y)
        assert clf.loss_curve_ != plain.loss_curve_
        assert clf.predict(graph).shape == (40,)


def test_a_graph_of_frames_keeps_feature_names(small, table, adjacency):
    X, y = table
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    clf = small().fit(Graph(adjacency, frame), y)
    np.testing.assert_array_equal(clf.feature_names_in_, ["a", "b", "c"])
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(Graph(adjacency, frame[["c", "b", "a"]]))


# ---- rows that join a graph by name ------------------------------------------


@pytest.fixture
def customers(table, adjacency):
    """DataFrame with a missing value, a string column and a key; graph of its rows."""
    X, y = table
    ids = pd.Index(100 + np.arange(40), name="customer")
    frame = pd.DataFrame({"income": X[:, 0], "age": X[:, 1]})
    frame["town"] = np.where(X[:, 2] > 0, "Ulm", "Bonn")
    frame["customer"] = ids
    frame.loc[3, "income"] = np.nan
    return frame, y, Graph(adjacency, nodes=ids)


def preparation():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_column_transformer(
        (numbers, ["income", "age"]),
        (OneHotEncoder(sparse_output=False), ["town"]),
        ("passthrough", ["customer"]),
        verbose_feature_names_out=False,
    )


@pytest.fixture
def by_name(small):
    """Return a function that makes a pipeline with rows that join a graph."""

    def make(graph, **params):
        pipe = make_pipeline(preparation(), small(graph=graph, **params))
        return pipe.set_output(transform="pandas")

    return make


def test_rows_join_a_graph_by_name_through_a_pipeline(by_name, customers):
    frame, y, graph = customers
    pipe = by_name(graph).fit(frame[:30], y[:30])
    assert pipe.predict_proba(frame[30:]).shape == (10, 2)
    np.testing.assert_array_equal(
        pipe[-1].feature_names_in_, ["income", "age", "town_Bonn", "town_Ulm"]
    )


def test_a_named_index_is_equivalent_to_a_column(small, customers):
    frame, y, graph = customers
    table = frame[["age", "customer"]]
    by_column = small(graph=graph).fit(table[:30], y[:30])
    indexed = table.set_index("customer")
    by_index = small(graph=graph).fit(indexed[:30], y[:30])
    np.testing.assert_array_equal(
        by_column.predict_proba(table[30:]), by_index.predict_proba(indexed[30:])
    )


def test_rows_that_join_are_found_in_any_order(by_name, customers):
    frame, y, graph = customers
    pipe = by_name(graph).fit(frame[:30], y[:30])
    np.testing.assert_allclose(
        pipe.predict_proba(frame[30:][::-1])[::-1],
        pipe.predict_proba(frame[30:]),
        **CLOSE,
    )


def test_training_does_not_see_the_test_rows_of_the_graph(small, customers):
    frame, y, graph = customers
    table = frame[["age", "customer"]]
    clf = small(graph=graph).fit(table[:30], y[:30])
    cut = graph.subgraph(np.arange(30))
    alone = small(graph=cut).fit(table[:30], y[:30])
    assert clf.loss_curve_ == alone.loss_curve_


def test_rows_of_predict_replace_the_fitted_rows(small, customers):
    frame, y, graph = customers
    table = frame[["age", "customer"]]
    clf = small(graph=graph).fit(table[:30], y[:30])
    before = clf.predict_proba(table[:5])
    np.testing.assert_array_equal(before, clf.predict_proba(table[:5]))
    changed = table[:5].assign(age=50.0)
    assert np.abs(clf.predict_proba(changed) - before).max() > 1e-3


def test_rows_may_have_node_labels_only(small, customers):
    frame, y, graph = customers
    clf = small(graph=graph).fit(frame[["customer"]], y)
    assert clf.n_features_in_ == 0
    assert clf.predict(frame[["customer"]][:4]).shape == (4,)


def test_a_regressor_takes_every_kind_of_input(small, table, adjacency, customers):
    X, _ = table
    frame, _, nodes = customers
    y = X[:, 0] * 100 + 7
    graph = Graph(adjacency, X)
    reg = small(GraphAttentionRegressor)
    assert reg.fit(X, y).predict(X[:3]).shape == (3,)
    assert reg.fit(X, y, adjacency=adjacency).predict(X, adjacency=adjacency).size == 40
    assert reg.fit(graph[:30], y[:30]).predict(graph[30:]).shape == (10,)
    named = frame[["age", "customer"]]
    reg.set_params(graph=nodes)
    assert reg.fit(named[:30], y[:30]).predict(named[30:]).shape == (10,)
