from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

from skattn.metrics import (
    _scorers,
    average_precision_at_k_scorer,
    hits_at_k,
    hits_at_k_scorer,
    mean_reciprocal_rank,
    mean_reciprocal_rank_scorer,
)


@pytest.fixture
def iris():
    return load_iris(return_X_y=True, as_frame=True)


def test_the_class_of_each_row_is_ranked_among_all_classes(iris, monkeypatch):
    X, y = iris
    clf = LogisticRegression(max_iter=200).fit(X, y)
    expected = mean_reciprocal_rank(y, clf.predict_proba(X))
    assert mean_reciprocal_rank_scorer(clf, X, y) == pytest.approx(expected)
    monkeypatch.setattr(_scorers, "ROWS", 7)
    assert mean_reciprocal_rank_scorer(clf, X, y) == pytest.approx(expected)
    assert hits_at_k_scorer(clf, X, y, k=1) == clf.score(X, y)
    assert average_precision_at_k_scorer(clf, X, y, k=3) == pytest.approx(expected)


def test_rows_of_the_second_of_two_classes_are_ranked_among_the_first(iris):
    X, y = iris
    y = y == 1
    clf = LogisticRegression(max_iter=200).fit(X, y)
    proba = clf.predict_proba(X)[:, 1]
    assert mean_reciprocal_rank_scorer(clf, X, y) == mean_reciprocal_rank(y, proba)
    assert hits_at_k_scorer(clf, X, y, k=5) == hits_at_k(y, proba, k=5)
    assert 0 < average_precision_at_k_scorer(clf, X, y, k=5) <= 1


def test_an_estimator_can_compute_its_own_ranks():
    class Ranker:
        classes_ = (0, 1)

        def ranks(self, X, y):
            return np.array([1, 2, 4])

    assert mean_reciprocal_rank_scorer(Ranker(), [0], [0]) == pytest.approx(7 / 12)
    assert hits_at_k_scorer(Ranker(), [0], [0], k=2) == pytest.approx(2 / 3)
    assert average_precision_at_k_scorer(Ranker(), [0], [0], k=2) == pytest.approx(0.5)


def test_scorers_work_in_cross_validation_and_searches(iris):
    X, y = iris
    clf = LogisticRegression(max_iter=200)
    scores = cross_val_score(clf, X, y, scoring=mean_reciprocal_rank_scorer)
    assert (scores > 0.8).all()
    search = GridSearchCV(clf, {"C": [1e-4, 1]}, scoring=partial(hits_at_k_scorer, k=1))
    assert search.fit(pd.DataFrame(X), y).best_params_ == {"C": 1}
