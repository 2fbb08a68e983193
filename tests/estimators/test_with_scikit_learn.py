"""Estimators with the tools of scikit-learn."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import sklearn
from packaging.version import Version
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import (
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.preprocessing import NodeTransformer

ESTIMATORS = [GraphAttentionClassifier, GraphAttentionRegressor]


@pytest.fixture
def small(small):
    return partial(small, max_epochs=5)


# ---- searches and folds on a Graph -------------------------------------------


def test_folds_of_a_graph_equal_a_loop_by_hand(small, graph, y):
    folds = KFold(3)
    by_tool = cross_val_predict(small(), graph, y, cv=folds, method="predict_proba")
    by_hand = np.empty((40, 2))
    for train, test in folds.split(np.arange(40)):
        by_hand[test] = small().fit(graph[train], y[train]).predict_proba(graph[test])
    np.testing.assert_allclose(by_tool, by_hand, rtol=0, atol=1e-6)


def test_a_search_sets_encoder_parameters_on_a_graph(small, graph, y):
    grid = {
        "encoder__output": ["linear", "attention"],
        "residual": np.array([True, False]),
        "early_stopping": np.array([False, True]),
    }
    search = GridSearchCV(small(encoder=EncoderConfig(), max_epochs=2), grid, cv=2)
    search.fit(graph, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(graph[:3]).shape == (3,)


def test_scores_of_a_pipeline_scale_each_fold_anew(small, graph, y):
    pipe = make_pipeline(NodeTransformer(StandardScaler()), small())
    assert cross_val_score(pipe, graph, y, cv=3).shape == (3,)


def test_a_regressor_is_validated_too(small, graph, table):
    scores = cross_val_score(
        small(GraphAttentionRegressor), graph, table[0][:, 0], cv=3, scoring="r2"
    )
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda clf: CalibratedClassifierCV(clf, cv=2),
        lambda clf: StackingClassifier([("a", clf), ("b", clone(clf))], cv=2),
        lambda clf: VotingClassifier([("a", clf), ("b", clone(clf))], voting="soft"),
        lambda clf: TunedThresholdClassifierCV(clf, cv=2),
    ],
    ids=["calibrated", "stacking", "voting", "threshold"],
)
def test_meta_estimators_take_a_graph(small, graph, y, wrap):
    clf = wrap(small()).fit(graph, y)
    assert clf.predict(graph[:5]).shape == (5,)
    assert clf.predict_proba(graph[:5]).shape == (5, 2)


def test_one_vs_rest_takes_rows_that_join_by_name(small, table, adjacency):
    X, _ = table
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    frame = pd.DataFrame(X, columns=list("abc"), index=[f"n{i}" for i in range(40)])
    graph = Graph(adjacency, nodes=frame.index)
    clf = OneVsRestClassifier(small(graph=graph)).fit(frame, y)
    assert clf.predict_proba(frame[:5]).shape == (5, 3)


def test_learning_curves_are_drawn_on_a_graph(small, graph, y):
    _, train, test = learning_curve(
        small(), graph, y, cv=2, train_sizes=[0.5, 1.0], shuffle=True, random_state=0
    )
    assert np.isfinite(train).all()
    assert np.isfinite(test).all()


def test_a_step_that_sees_features_only_refuses_a_graph(small, graph, y):
    pipe = make_pipeline(StandardScaler(), small())
    with pytest.raises(ValueError, match="edges would be lost"):
        pipe.fit(graph, y)


# ---- parameters --------------------------------------------------------------


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_clone_has_parameters_and_the_graph_but_nothing_learned(
    small, cls, graph, table
):
    named = Graph(graph.adjacency, nodes=pd.Index([f"n{i}" for i in range(40)]))
    est = small(cls, encoder=EncoderConfig(feed_forward=1))
    est.fit(graph, table[1])
    copy = clone(est)
    assert not hasattr(copy, "net_")
    assert copy.encoder is not est.encoder
    assert copy.encoder.feed_forward == 1
    assert clone(est.set_params(graph=named)).graph is named
    assert repr(copy).startswith(cls.__name__)


def test_clones_train_as_the_original(small, graph, y):
    clf = small().fit(graph, y)
    np.testing.assert_array_equal(
        clone(clf).fit(graph, y).predict_proba(graph), clf.predict_proba(graph)
    )


def test_fit_leaves_parameters_as_they_are(small, graph, y):
    clf = small(net_params={"callbacks": []}, encoder=EncoderConfig())
    before = clf.get_params()
    clf.fit(graph, y)
    assert clf.get_params() == before


def test_encoder_parameters_are_set_by_name(small):
    clf = small(encoder=EncoderConfig())
    clf.set_params(encoder__activation="gelu", encoder__feed_forward=2)
    assert clf.get_params()["encoder__activation"] == "gelu"
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        clf.set_params(encoder__nonsense=1)


# ---- metadata routing --------------------------------------------------------


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_adjacency_is_requested_by_default(cls):
    requests = cls().get_metadata_routing()
    methods = ["fit", "predict", "score"]
    for method in [*methods, *(["predict_proba"] if "Class" in cls.__name__ else [])]:
        assert getattr(requests, method).requests["adjacency"] is True
    assert requests.fit.requests["sample_weight"] is None


def test_a_pipeline_routes_the_adjacency(small, routing, table, adjacency):
    X, y = table
    pipe = make_pipeline(StandardScaler(), small())
    pipe.fit(X, y, adjacency=adjacency)
    scaled = StandardScaler().fit_transform(X)
    alone = small().fit(scaled, y, adjacency=adjacency)
    np.testing.assert_array_equal(
        pipe.predict_proba(X, adjacency=adjacency),
        alone.predict_proba(scaled, adjacency=adjacency),
    )
    assert pipe.score(X, y, adjacency=adjacency) == alone.score(
        scaled, y, adjacency=adjacency
    )


def test_sample_weights_are_routed_on_request(small, routing, graph, y):
    weight = np.linspace(0.1, 1, 40)
    clf = small().set_fit_request(sample_weight=True)
    clf.set_score_request(sample_weight=True)
    pipe = make_pipeline(NodeTransformer(StandardScaler()), clf)
    if Version(sklearn.__version__) < Version(
        "1.9"
    ):  # requests are those of the Pipeline, not of its step
        pipe.set_score_request(sample_weight=True)
    folds = KFold(2)
    done = cross_validate(
        pipe,
        graph,
        y,
        cv=folds,
        params={"sample_weight": weight},
        return_estimator=True,
    )
    assert np.isfinite(done["test_score"]).all()
    train, _ = next(folds.split(y))
    features = NodeTransformer(StandardScaler()).fit_transform(graph[train])
    alone = small().fit(features, y[train], sample_weight=weight[train])
    assert done["estimator"][0][-1].loss_curve_ == alone.loss_curve_


def test_cross_validation_routes_the_adjacency_by_rows(
    small, routing, table, adjacency
):
    # scikit-learn slices by rows what it routes: those are no longer square
    X, y = table
    with pytest.raises(ValueError, match="adjacency must be square"):
        cross_validate(
            small(), X, y, cv=2, params={"adjacency": adjacency}, error_score="raise"
        )


def test_validation_data_are_routed_on_request(small, routing, table):
    X, y = table
    clf = small().set_fit_request(X_val=True, y_val=True)
    pipe = make_pipeline(StandardScaler(), clf, transform_input=["X_val"])
    pipe.fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    assert len(pipe[-1].validation_curve_) == pipe[-1].n_iter_
    scaler = StandardScaler().fit(X[:30])
    alone = small().fit(
        scaler.transform(X[:30]),
        y[:30],
        X_val=scaler.transform(X[30:]),
        y_val=y[30:],
    )
    assert pipe[-1].validation_curve_ == alone.validation_curve_
