"""The facts of a fit: ``input_summary_`` and ``resolved_params_``."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)

PATH = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
PAIR = np.array([[0, 1], [1, 0]])

# ---- the input ------------------------------------------------------------------


def test_the_summary_of_an_input(fit_on_each_kind):
    estimator, _, expected = fit_on_each_kind
    assert estimator.input_summary_ == expected


def test_rows_of_validation_and_of_unknown_labels_are_counted(small):
    X = np.arange(20.0).reshape(20, 1)
    y = np.r_[np.arange(10) % 2, np.full(10, -1)]
    clf = small(unlabeled=-1, early_stopping=0.4).fit(X, y)
    summary = clf.input_summary_
    assert (summary["n_train"], summary["n_validation"]) == (6, 4)
    assert summary["n_nodes"] == 20
    clf.fit(X[:10], y[:10], X_val=X[10:13], y_val=[0, -1, 1])
    summary = clf.input_summary_
    assert (summary["n_train"], summary["n_validation"]) == (10, 2)
    assert summary["n_nodes"] == 10


def test_a_loaded_estimator_has_the_same_facts(fit_on_each_kind, tmp_path):
    estimator, _, _ = fit_on_each_kind
    estimator.save(tmp_path / "model")
    for other in (
        type(estimator).load(tmp_path / "model"),
        pickle.loads(pickle.dumps(estimator)),
    ):
        assert other.input_summary_ == estimator.input_summary_
        assert other.resolved_params_ == estimator.resolved_params_


@pytest.mark.parametrize(
    "cls", [GraphAttentionClassifier, GraphAttentionRegressor, AttentionEmbedder]
)
def test_before_a_fit_there_are_no_facts(cls):
    estimator = cls()
    with pytest.raises(NotFittedError):
        _ = estimator.input_summary_
    with pytest.raises(NotFittedError):
        _ = estimator.resolved_params_


def test_a_clone_has_no_facts(small):
    copy = clone(small().fit([Graph(PATH), Graph(PAIR)], [0, 1]))
    assert not hasattr(copy, "input_summary_")
    assert not hasattr(copy, "resolved_params_")


# ---- what "auto" became ----------------------------------------------------------


def test_the_values_of_auto_on_a_table(small):
    X = np.arange(10.0).reshape(10, 1)
    clf = small(n_layers=4).fit(X, np.arange(10) % 2)
    assert clf.resolved_params_ == {
        "n_layers": 4,
        "residual": True,
        "norm": None,
        "weight_decay": 0.02,
        "max_epochs": clf.max_epochs,
        "standardize": True,
        "dropout": 0.3,
        "batch_size": None,
        "smoothing": 0,
        "early_stopping": False,
        "label_inputs": False,
        "device": str(next(clf.net_.module_.parameters()).device),
        "encoder__activation": "gelu",
        "encoder__input_dropout": 0.1,
        "encoder__jumping": "concat",
        "encoder__convolution": None,
        "encoder__gated_convolution": False,
        "encoder__degree_scaling": False,
        "encoder__n_feature_layers": 3,
        "encoder__neighbor_search": "exact",
    }


@pytest.mark.slow
@pytest.mark.xdist_group("pynndescent")  # which compiles in each process
def test_the_method_of_the_search_for_neighbours_is_that_of_the_fit(small):
    X = np.linspace(0, 1, 1001)[:, None]
    clf = small(max_epochs=1, encoder=EncoderConfig(neighbor_search="approximate"))
    clf.fit(X, np.arange(1001) % 2)
    assert clf.resolved_params_["encoder__neighbor_search"] == "approximate"
    clf.fit(X[:1000], np.arange(1000) % 2)  # few rows are searched exactly
    assert clf.resolved_params_["encoder__neighbor_search"] == "exact"


def test_values_that_were_given_are_those_of_the_fit(small):
    given = {"dropout": 0.3, "batch_size": 2, "early_stopping": 0.4, "device": "cpu"}
    given |= {"standardize": False, "n_layers": 2, "residual": False, "norm": None}
    given |= {"weight_decay": 0.1, "max_epochs": 3, "label_inputs": False}
    given |= {"smoothing": 0}
    encoder = {
        "activation": "relu",
        "input_dropout": 0.2,
        "jumping": None,
        "convolution": "mean",
        "gated_convolution": True,
        "degree_scaling": True,
        "n_feature_layers": 1,
    }
    clf = small(encoder=EncoderConfig(**encoder), **given)
    clf.fit([Graph(PATH), Graph(PAIR)] * 5, [0, 1] * 5)
    expected = given | {f"encoder__{name}": value for name, value in encoder.items()}
    assert clf.resolved_params_ == expected
    clf.set_params(dropout=0.7, encoder=None)  # the fit stays as it is
    assert clf.resolved_params_ == expected


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("edge_features", [None, np.arange(4.0)])
def test_the_resolved_values_give_the_same_fit(small, is_sparse, edge_features):
    X = np.array([[2.0], [0.0], [3.0]])
    X = sparse.csr_array(X) if is_sparse else X
    path = Graph(PATH, X, edge_features=edge_features)
    X, y = [path, path] * 5, [0, 1] * 5
    clf = small().fit(X, y)
    again = small(encoder=EncoderConfig()).set_params(**clf.resolved_params_).fit(X, y)
    assert again.loss_curve_ == clf.loss_curve_


@pytest.mark.parametrize(
    ("parameter", "with_x_val", "expected"),
    [
        ("auto", False, False),
        ("auto", True, True),
        (True, False, True),
        (False, True, False),
        (0.4, False, 0.4),
        (0.4, True, True),
    ],
)
def test_early_stopping_as_it_was(small, parameter, with_x_val, expected):
    X, y = np.arange(10.0).reshape(10, 1), np.arange(10) % 2
    val = {"X_val": X[:4], "y_val": y[:4]} if with_x_val else {}
    clf = small(early_stopping=parameter).fit(X, y, **val)
    assert clf.resolved_params_["early_stopping"] is expected or (
        clf.resolved_params_["early_stopping"] == expected == 0.4
    )


def test_auto_stops_early_with_many_rows(small):
    X = np.linspace(0, 1, 2000)[:, None]
    clf = small(max_epochs=1, n_neighbors=1).fit(X, np.arange(2000) % 2)
    assert clf.resolved_params_["early_stopping"] is True
    assert clf.input_summary_["n_validation"] == 200


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, None),
        ({"fanout": (2, 2, 2)}, 1024),
        ({"fanout": (2, 2, 2), "batch_size": 2}, 2),
    ],
)
def test_the_batch_size_of_one_graph(small, params, expected):
    clf = small(**params).fit(Graph(PATH, np.eye(3)), [0, 1, 0])
    assert clf.resolved_params_["batch_size"] == expected


def test_the_batch_size_of_graphs(small):
    clf = small().fit([Graph(PATH), Graph(PAIR)], [0, 1])
    assert clf.resolved_params_["batch_size"] == 32
