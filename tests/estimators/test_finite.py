import numpy as np
import pytest
from sklearn.base import clone

from skattn import (
    AttentionEmbedder,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import attention_weights, readout_weights

FILL = 9.96921e36  # of NetCDF


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_class_of_a_fill_value_is_refused(small, table, method):
    X, y = table
    clf = small(norm="layer").fit(X, y)
    rows = X[:4].copy()
    rows[[1, 3]] = FILL
    message = r"2 of 4 rows of X \(positions 1, 3\).*fill value"
    with pytest.raises(ValueError, match=message):
        getattr(clf, method)(rows)
    with pytest.raises(ValueError, match=message):
        clf.score(rows, y[:4])
    assert set(clf.predict(rows[[0, 2]])) <= {0, 1}


def test_number_of_a_fill_value_is_refused(small, table):
    X, _ = table
    reg = small(GraphAttentionRegressor, norm="layer").fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"1 of 1 rows of X \(positions 0\)"):
        reg.predict(np.full((1, 3), FILL))


def test_embedding_of_a_fill_value_is_refused(small, graph, adjacency):
    embedder = small(AttentionEmbedder, norm="layer").fit(graph)
    X = np.ones((40, 3))
    X[7] = FILL
    with pytest.raises(ValueError, match=r"of 40 rows of X.*neighbourhood"):
        embedder.transform(Graph(adjacency, X))


def test_attention_of_a_fill_value_is_refused(small, table):
    X, y = table
    clf = small(norm="layer").fit(X, y)
    with pytest.raises(ValueError, match="attention weights must be finite"):
        attention_weights(clf, np.full((2, 3), FILL))


def test_readout_of_a_fill_value_is_refused(small):
    graphs = [Graph(np.eye(2), np.full((2, 1), k)) for k in range(4)]
    clf = small(GraphAttentionClassifier, norm="layer").fit(graphs, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="attention weights must be finite"):
        readout_weights(clf, [Graph(np.eye(2), np.full((2, 1), FILL))])


@pytest.mark.parametrize("unit", [1e-90, 1e90])
def test_numbers_in_an_extreme_unit_are_learned(small, table, unit):
    X, _ = table
    reg = small(GraphAttentionRegressor)
    predicted = clone(reg).fit(X, X[:, 0]).predict(X)
    scaled = reg.fit(X, X[:, 0] * unit)
    np.testing.assert_allclose(scaled.predict(X), predicted * unit, rtol=1e-4)
    assert np.isfinite(scaled.score(X, X[:, 0] * unit))


@pytest.mark.parametrize(
    ("unit", "message"),
    [(1e200, r"within ±1e\+100, got"), (1e-200, "vary by at least 1e-100, got")],
)
def test_numbers_beyond_that_are_refused(small, table, unit, message):
    X, _ = table
    with pytest.raises(ValueError, match=message):
        small(GraphAttentionRegressor).fit(X, X[:, 0] * unit)


def test_validation_number_beyond_float32_is_refused(small, table):
    X, _ = table
    reg = small(GraphAttentionRegressor)
    with pytest.raises(ValueError, match=r"standard deviations.*in row 1 \(1 such"):
        reg.fit(X, X[:, 0], X_val=X[:2], y_val=[0.0, 1e60])
    assert not hasattr(reg, "net_")
