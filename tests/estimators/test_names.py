"""Labels, weights and embeddings that belong to rows by the names of their nodes."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import AttentionEmbedder, Graph, GraphAttentionRegressor
from skattn.preprocessing import NodeTransformer

NAMES = pd.Index([f"n{i}" for i in range(40)], name="id")
ORDER = np.random.default_rng(0).permutation(40)


@pytest.fixture
def named(table, adjacency):
    return Graph(adjacency, table[0], nodes=NAMES)


@pytest.fixture
def series(y):
    """The labels by name, in another order than the nodes."""
    return pd.Series(y, index=NAMES).iloc[ORDER]


@pytest.fixture
def frame(table):
    return pd.DataFrame(table[0], columns=list("abc"), index=NAMES)


# ---- labels and weights ------------------------------------------------------


def test_labels_of_a_fit_are_aligned_with_the_nodes(small, named, y, series):
    expected = small().fit(named, y).loss_curve_
    assert small().fit(named, series).loss_curve_ == expected
    assert small().fit(named, pd.Series(y)).loss_curve_ == expected  # row numbers
    several = pd.DataFrame({"first": series, "other": 1 - series})
    indicators = np.stack([y, 1 - y], axis=1)
    expected = small().fit(named, indicators).loss_curve_
    assert small().fit(named, several).loss_curve_ == expected


def test_labels_of_a_view_are_aligned_with_its_targets(small, named, y, series):
    train = np.array([7, 2, 31, 12, 3])
    expected = small().fit(named[train], y[train]).loss_curve_
    assert small().fit(named[train], series[NAMES[np.sort(train)]]).loss_curve_ == (
        expected
    )
    with pytest.raises(ValueError, match=r"index of y .*got 'n8' and no 'n7'"):
        small().fit(named[train], series[["n8", "n2", "n31", "n12", "n3"]])


def test_names_of_the_features_count_too(small, frame, adjacency, y, series):
    graph = Graph(adjacency, frame)
    expected = small().fit(graph, y)
    assert small().fit(graph, series).loss_curve_ == expected.loss_curve_
    scaled = make_pipeline(NodeTransformer(StandardScaler()), small())
    assert scaled.fit(graph, series)[-1].loss_curve_ == (
        scaled.fit(graph, y)[-1].loss_curve_
    )


def test_weights_and_validation_are_aligned(small, named, y, series):
    weight = np.arange(40.0)
    train, valid = np.arange(30), np.arange(30, 40)
    expected = small().fit(
        named[train],
        y[train],
        weight[train],
        X_val=named[valid],
        y_val=y[valid],
        sample_weight_val=weight[valid],
    )
    by_name = pd.Series(weight, index=NAMES)
    aligned = small().fit(
        named[train],
        y[train],
        by_name.iloc[train[::-1]],
        X_val=named[valid],
        y_val=series[NAMES[valid]].iloc[::-1],
        sample_weight_val=by_name.iloc[valid[::-1]],
    )
    assert aligned.loss_curve_ == expected.loss_curve_
    assert aligned.validation_curve_ == expected.validation_curve_
    with pytest.raises(ValueError, match=r"index of y_val .*got 'n0'"):
        small().fit(
            named[train], y[train], X_val=named[valid], y_val=series[NAMES[:10]]
        )


@pytest.mark.parametrize("cls", [None, GraphAttentionRegressor])
def test_score_aligns_labels_and_weights(small, named, y, series, cls):
    model = (small() if cls is None else small(cls)).fit(named, y)
    weight = np.arange(40.0)
    by_name = pd.Series(weight, index=NAMES).iloc[ORDER[::-1]]
    assert model.score(named, series) == model.score(named, y)
    assert model.score(named, series, by_name) == model.score(named, y, weight)


@pytest.mark.parametrize("first", [0, 1, 100])
def test_row_numbers_that_are_sliced_with_a_graph_are_no_names(small, table, first):
    X, y = table
    graph = Graph(np.eye(40), X, nodes=np.arange(first, first + 40))
    expected = cross_val_score(small(), graph, y, cv=3)
    labels = pd.Series(y)
    assert (cross_val_score(small(), graph, labels, cv=3) == expected).all()
    train, test, y_train, y_test = train_test_split(graph, labels, random_state=0)
    small().fit(train, y_train).score(test, y_test)


def test_labels_join_rows_of_a_frame_by_node(small, frame, adjacency, y, series):
    graph = Graph(adjacency, nodes=NAMES)
    expected = small(graph=graph).fit(frame, y)
    named = small(graph=graph).fit(frame, series)
    assert named.loss_curve_ == expected.loss_curve_
    assert named.score(frame, series) == expected.score(frame, y)
    keyed = frame.reset_index()[::-1]  # rows as in y: both have the row numbers
    reverse = pd.Series(y)[::-1]
    curve = small(graph=graph).fit(keyed, reverse).loss_curve_
    assert curve == small(graph=graph).fit(keyed, y[::-1]).loss_curve_
    assert curve == small(graph=graph).fit(keyed, series).loss_curve_


@pytest.mark.parametrize("first", [1, 100])
def test_row_numbers_of_labels_are_no_names_of_joined_rows(
    small, frame, adjacency, y, first
):
    numbers = pd.RangeIndex(first, first + 40, name="id")
    graph = Graph(adjacency, nodes=numbers)
    numbered = frame.set_axis(numbers)
    train = np.array([7, 2, 31, 12, 3])
    expected = small(graph=graph).fit(numbered.iloc[train], y[train])
    labels = pd.Series(y).iloc[train]
    curve = small(graph=graph).fit(numbered.iloc[train], labels).loss_curve_
    assert curve == expected.loss_curve_


def test_adjacency_of_a_table_is_aligned_with_its_rows(
    small, frame, adjacency, y, series
):
    square = pd.DataFrame(adjacency, index=NAMES, columns=NAMES)
    moved = square.iloc[ORDER, ORDER[::-1]]
    expected = small().fit(frame, y, adjacency=adjacency)
    fitted = small().fit(frame, series, adjacency=moved)
    assert fitted.loss_curve_ == expected.loss_curve_
    proba = expected.predict_proba(frame, adjacency=adjacency)
    rows = frame.iloc[ORDER]
    moved_proba = fitted.predict_proba(rows, adjacency=square)
    np.testing.assert_allclose(moved_proba, proba[ORDER], atol=1e-6)
    other = NAMES[:-1].append(pd.Index(["x"]))
    square = square.set_axis(other).set_axis(other, axis=1)
    with pytest.raises(ValueError, match=r"index of X .*got 'n39' and no 'x'"):
        small().fit(frame, y, adjacency=square)


def test_labels_of_a_plain_table_belong_to_rows_by_position(small, frame, y, series):
    expected = small().fit(frame, np.asarray(series)).loss_curve_
    assert small().fit(frame, series).loss_curve_ == expected


# ---- embeddings --------------------------------------------------------------


@pytest.fixture
def embedder(small):
    return partial(small, AttentionEmbedder, n_components=2, max_epochs=1)


def test_embeddings_have_the_names_of_the_nodes(embedder, named, frame, adjacency):
    pandas = embedder().set_output(transform="pandas")
    assert list(pandas.fit(named).transform(named[[3, 1]]).index) == ["n3", "n1"]
    assert pandas.fit_transform(named[[5, 2]]).index.name == "id"
    graph = Graph(adjacency, frame)
    assert list(pandas.fit(graph).transform(graph[[8]]).index) == ["n8"]
    scaled = make_pipeline(pandas, StandardScaler()).set_output(transform="pandas")
    assert list(scaled.fit(named).transform(named[[4]]).index) == ["n4"]


def test_embeddings_of_a_labelled_adjacency_have_its_names(embedder, frame, adjacency):
    square = pd.DataFrame(adjacency, index=NAMES, columns=NAMES)
    pandas = embedder().set_output(transform="pandas")
    table = frame.to_numpy()
    assert pandas.fit_transform(table, adjacency=square).index.equals(NAMES)
    rows = frame.iloc[ORDER]
    assert pandas.fit_transform(rows, adjacency=square).index.equals(rows.index)


def test_embeddings_without_names_have_row_numbers(embedder, graph):
    pandas = embedder().set_output(transform="pandas")
    assert list(pandas.fit(graph).transform(graph[[3, 1]]).index) == [0, 1]
    assert list(pandas.fit([graph]).transform([graph, graph]).index) == [0, 1]
    assert isinstance(embedder().fit_transform(graph), np.ndarray)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_a_column_transformer_embeds_rows_with_a_key(
    embedder, frame, adjacency, output
):
    graph = Graph(adjacency, nodes=NAMES)
    keyed = frame.reset_index()[::-1]
    columns = make_column_transformer(
        (embedder(graph=graph), ["id", "a", "b"]), ("passthrough", ["c"])
    ).set_output(transform=output)
    got = columns.fit_transform(keyed)
    assert list(columns.get_feature_names_out()) == [
        "attentionembedder__attentionembedder0",
        "attentionembedder__attentionembedder1",
        "passthrough__c",
    ]
    alone = embedder(graph=graph).fit_transform(keyed[["id", "a", "b"]])
    np.testing.assert_array_equal(np.asarray(got)[:, :2], alone)
    if output == "pandas":
        assert got.index.equals(keyed.index)


def test_names_of_the_embedding_compare_the_features(embedder, frame, adjacency):
    graph = Graph(adjacency, nodes=NAMES)
    fitted = embedder(graph=graph).fit(frame.reset_index())
    names = ["attentionembedder0", "attentionembedder1"]
    for given in (None, ["a", "b", "c"], ["a", "id", "b", "c"]):
        assert list(fitted.get_feature_names_out(given)) == names
    with pytest.raises(ValueError, match="input_features"):
        fitted.get_feature_names_out(["id", "b", "a", "c"])
    only_key = embedder(graph=graph).fit(frame.reset_index()[["id"]])
    assert list(only_key.get_feature_names_out(["id"])) == names
