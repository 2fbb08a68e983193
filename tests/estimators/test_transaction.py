import sys
from itertools import count

import numpy as np
import pytest

from skattn import GraphAttentionClassifier
from skattn._training._net import AttentionNet
from skattn.estimators._transaction import _commit, fit, learned

X = np.array([[0.0], [1.0], [0.1], [0.9]])
Y = np.array([0, 1, 0, 1])


@pytest.fixture
def clf():
    return GraphAttentionClassifier(n_neighbors=2, max_epochs=2, random_state=0)


def test_a_failed_plan_leaves_an_earlier_fit(clf):
    clf.fit(X, Y)
    before = learned(clf)

    def plan(attempt):
        attempt.n_features_in_ = 7
        raise ValueError("no plan")

    with pytest.raises(ValueError, match="no plan"):
        fit(clf, plan, X=X, y=Y, adjacency=None)
    assert learned(clf) == before
    assert clf.n_features_in_ == 1


def test_an_attempt_has_the_parameters_and_nothing_that_was_learned(clf):
    clf.fit(X, Y)
    attempts = []

    def plan(attempt):
        attempts.append(attempt)
        raise ValueError("seen")

    with pytest.raises(ValueError, match="seen"):
        fit(clf, plan, X=X, y=Y, adjacency=None)
    (attempt,) = attempts
    assert type(attempt) is GraphAttentionClassifier
    assert attempt.get_params() == clf.get_params()
    assert learned(attempt) == {}


def test_an_attribute_that_is_not_declared_is_an_error_and_nothing_is_kept():
    class Misspelt(GraphAttentionClassifier):
        _learned_attributes = GraphAttentionClassifier._learned_attributes - {"n_iter_"}

    clf = Misspelt(n_neighbors=2, max_epochs=2)
    with pytest.raises(AttributeError, match=r"must declare .* \['n_iter_'\]"):
        clf.fit(X, Y)
    assert learned(clf) == {}


def test_a_fit_replaces_all_that_an_earlier_one_learned(clf):
    pandas = pytest.importorskip("pandas")
    clf.fit(pandas.DataFrame(X, columns=["x"]), Y)
    assert "feature_names_in_" in learned(clf)
    clf.fit(X, Y)
    assert "feature_names_in_" not in learned(clf)


def test_other_attributes_of_the_user_stay(clf):
    clf.note_ = "mine"
    assert clf.fit(X, Y).note_ == "mine"


def _interrupt(work, at):
    """Raise KeyboardInterrupt at a line of this room; return whether it has so many."""
    lines = iter(range(at))

    def trace(frame, event, arg):
        if "estimators" not in frame.f_code.co_filename:
            return None
        if event == "line" and next(lines, None) is None:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_ctrl_c_at_any_line_leaves_the_old_attributes_or_the_new_ones(clf):
    new = vars(clf) | {"net_": 2, "n_iter_": 2}
    attempt = GraphAttentionClassifier()
    attempt.__dict__ = new
    old = vars(clf) | {"net_": 1, "feature_names_in_": ["x"]}
    found = []
    for at in count():
        clf.__dict__ = dict(old)
        interrupted = _interrupt(lambda: _commit(clf, attempt), at)
        found.append(vars(clf))
        if not interrupted:
            break
    assert len(found) > 5
    assert all(attributes in (old, new) for attributes in found)
    assert found[0] == old
    assert found[-1] == new


def test_an_interrupt_before_the_first_epoch_keeps_an_earlier_fit(clf, monkeypatch):
    clf.fit(X, Y)
    before = learned(clf)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(AttentionNet, "fit_loop", interrupt)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, Y)
    assert learned(clf) == before
