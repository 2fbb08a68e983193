"""Categories and missing values of X are encoded inside."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import OneHotEncoder

from skattn import (
    AttentionEmbedder,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import attention_weights

NAN = np.nan


@pytest.fixture
def small(small):
    return partial(small, norm="layer", n_neighbors=4)


@pytest.fixture
def frame():
    """40 rows: numbers, a fifth of one column missing, and two kinds of categories."""
    rng = np.random.default_rng(5)
    age = np.where(np.arange(40) % 5 == 0, NAN, rng.normal(40, 10, 40).round())
    place = rng.choice(["north", "south", "west"], 40).astype(object)
    place[1] = None
    level = pd.Categorical(rng.integers(1, 3, 40))
    visits = rng.integers(0, 9, 40)
    return pd.DataFrame({"age": age, "place": place, "level": level, "visits": visits})


@pytest.fixture
def encoded(frame):
    """The columns of the encoding, by hand."""
    age = frame["age"].fillna(np.float32(frame["age"].mean()))
    one_hot = OneHotEncoder(sparse_output=False)
    place = one_hot.fit_transform(frame[["place"]])
    level = one_hot.fit_transform(frame[["level"]])
    return np.column_stack([age, frame["age"].isna(), place, level, frame["visits"]])


@pytest.fixture
def graph(frame, adjacency):
    return Graph(adjacency, frame)


def same(one, other):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cls", [GraphAttentionClassifier, GraphAttentionRegressor])
def test_a_graph_with_categories_is_that_of_their_indicators(
    small, cls, frame, encoded, adjacency, y
):
    given, by_hand = Graph(adjacency, frame), Graph(adjacency, encoded)
    one, other = (
        small(cls).fit(given[:30], y[:30]),
        small(cls).fit(by_hand[:30], y[:30]),
    )
    same(one.predict(given), other.predict(by_hand))
    same(one.loss_curve_, other.loss_curve_)
    assert (one.n_features_in_, other.n_features_in_) == (4, 9)
    assert one.feature_names_in_.tolist() == list(frame.columns)


def test_a_table_with_adjacency_is_encoded(small, frame, encoded, adjacency, y):
    one = small().fit(frame, y, adjacency=adjacency)
    other = small().fit(encoded, y, adjacency=adjacency)
    same(
        one.predict_proba(frame, adjacency=adjacency),
        other.predict_proba(encoded, adjacency=adjacency),
    )


def test_missing_numbers_of_a_table_are_means_with_an_indicator(small, table):
    X, y = table
    X[::4, 1] = NAN
    mean = np.float32(np.nanmean(X[:, 1]))
    by_hand = np.column_stack(
        [X[:, 0], np.nan_to_num(X[:, 1], nan=mean), np.isnan(X[:, 1]), X[:, 2]]
    )
    one, other = small().fit(X, y), small().fit(by_hand, y)
    same(one.predict_proba(X), other.predict_proba(by_hand))
    same(one._context_.neighbors, other._context_.neighbors)


def test_neighbours_of_rows_with_categories_are_those_of_standardised_numbers(small):
    weight = np.array([0.0, 1000, 2000, 0, 1000, 2000])  # deviation 816, steps of 1.2
    X = pd.DataFrame({"weight": weight, "kind": list("aaabbb")})
    reg = small(GraphAttentionRegressor, n_neighbors=1).fit(X, np.arange(6.0))
    assert reg._context_.neighbors.ravel().tolist() == [3, 4, 5, 0, 1, 2]
    (last,) = attention_weights(reg, X.assign(kind="c"))[0][:1]  # as far from both
    assert last.toarray()[:, :6].argmax(1).tolist() == [0, 1, 2, 0, 1, 2]


def test_new_categories_and_new_missing_values_are_predicted(small, frame, y):
    clf = small().fit(frame, y)
    unknown = clf.predict_proba(frame.assign(place="elsewhere"))
    same(unknown, clf.predict_proba(frame.assign(place="unheard of")))
    assert not np.array_equal(unknown, clf.predict_proba(frame))
    missing = clf.predict_proba(frame.assign(visits=NAN))
    mean = float(np.float32(frame["visits"].mean()))
    same(missing, clf.predict_proba(frame.assign(visits=mean)))


@pytest.mark.parametrize(
    "columns", [["place", "level"], [1, 2], [False, True, True, False]]
)
def test_columns_can_be_named(small, frame, y, columns):
    by_dtype = small().fit(frame, y).predict_proba(frame)
    named = small(categorical_features=columns).fit(frame, y)
    same(named.predict_proba(frame), by_dtype)
    rows = frame.to_numpy(object)
    if columns[0] != "place":
        same(
            small(categorical_features=columns).fit(rows, y).predict_proba(rows),
            by_dtype,
        )


def test_numbers_can_be_categories(small, table):
    X, y = table
    X[:, 1] = np.arange(40) % 3
    reg = small(GraphAttentionRegressor, categorical_features=[1]).fit(X, y)
    as_text = pd.DataFrame(X, columns=list("abc"))
    as_text["b"] = as_text["b"].map({0: "no", 1: "some", 2: "yes"})
    other = small(GraphAttentionRegressor).fit(as_text, y)
    same(reg.predict(X), other.predict(as_text))


def test_polars_frames_are_encoded_like_those_of_pandas(small, frame, y):
    columns = {
        name: [None if pd.isna(entry) else entry for entry in frame[name]]
        for name in frame
    }
    other = pl.DataFrame(columns | {"level": list(map(str, frame["level"]))})
    same(
        small().fit(other, y).predict_proba(other),
        small().fit(frame, y).predict_proba(frame),
    )


def test_rows_that_join_a_graph_and_validation_rows_are_encoded(
    small, frame, adjacency, y
):
    names = [f"n{k}" for k in range(40)]
    graph = Graph(adjacency, nodes=names)
    named = frame.set_axis(names)
    clf = small(graph=graph).fit(named[:20], y[:20], X_val=named[20:30], y_val=y[20:30])
    assert clf.predict_proba(named[30:]).shape == (10, 2)
    assert clf._feature_encoding_.categories[1] == ("north", "south", "west")


def test_graphs_of_a_list_share_their_categories(small):
    pair = np.array([[0, 1], [1, 0]])
    graphs = [
        Graph(pair, pd.DataFrame({"kind": list(kinds)})) for kinds in ("ab", "bc")
    ]
    clf = small().fit(graphs * 3, [0, 1] * 3)
    assert clf._feature_encoding_.categories == (("a", "b", "c"),)
    assert clf.predict(graphs).shape == (2,)


def test_a_part_of_the_targets_is_predicted_as_all_are(small, graph, y):
    clf = small().fit(graph, y)
    together = clf.predict_proba(graph)
    np.testing.assert_allclose(clf.predict_proba(graph[[3]]), together[[3]], atol=1e-6)


def test_a_saved_model_encodes_alike(small, frame, y, tmp_path):
    clf = small().fit(frame, y)
    clf.save(tmp_path / "model")
    loaded = GraphAttentionClassifier.load(tmp_path / "model")
    later = frame.assign(place="elsewhere", visits=NAN)
    same(loaded.predict_proba(later), clf.predict_proba(later))


def test_a_pretrained_embedder_defines_the_encoding(small, frame, y):
    embedder = small(AttentionEmbedder).fit(frame)
    fewer = frame[(frame["place"] != "west") & frame["age"].notna()]
    clf = small(pretrained=embedder).fit(fewer, y[fewer.index])
    assert clf._feature_encoding_ is embedder._feature_encoding_
    assert clf.predict(frame).shape == (40,)
    assert embedder.transform(frame).shape == (40, 64)


def test_cross_validation_meets_unknown_categories(small, frame, y):
    frame["place"] = [f"town {k}" for k in range(40)]
    assert np.isfinite(cross_val_score(small(), frame, y, cv=4)).all()


@pytest.mark.parametrize(
    ("change", "params", "error", "message"),
    [
        (lambda f: f, {"categorical_features": None}, TypeError, "text .* 'place'"),
        (lambda f: f, {"categorical_features": ["age"]}, TypeError, "text .* 'place'"),
        (lambda f: f, {"categorical_features": ["town"]}, ValueError, "got 'town'"),
        (lambda f: f, {"categorical_features": "text"}, ValueError, "'from_dtype'"),
        (lambda f: f.assign(visits=np.inf), {}, ValueError, "infinity"),
        (lambda f: f.to_numpy(object), {}, TypeError, "text .* in column 1"),
        (
            lambda f: sparse.eye_array(40),
            {"categorical_features": [0]},
            ValueError,
            "dense",
        ),
        (lambda f: sparse.csr_array(f[["age"]]), {}, ValueError, "NaN"),
    ],
)
def test_what_cannot_be_encoded_is_refused(
    small, frame, y, change, params, error, message
):
    with pytest.raises(error, match=message):
        small(**params).fit(change(frame), y)


def test_other_columns_at_prediction_are_refused(small, frame, y):
    clf = small().fit(frame, y)
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(frame.drop(columns="place"))
    with pytest.raises(TypeError, match="text 'old' in column 'age'"):
        clf.predict(frame.assign(age="old"))
    with pytest.raises(ValueError, match="infinity"):
        clf.predict(frame.assign(age=np.inf))


def test_a_fit_on_sparse_features_refuses_missing_values_later(small, table):
    X, y = table
    clf = small().fit(sparse.csr_array(X), y)
    X[0, 0] = NAN
    with pytest.raises(ValueError, match="NaN"):
        clf.predict(X)
