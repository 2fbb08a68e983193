import numpy as np
import pandas as pd
import pytest

from skattn import AttentionLinkPredictor, AttentionLinkRegressor
from skattn.estimators._link_plan import plan_links
from skattn.estimators._transaction import _unfitted_copy
from skattn.metrics import mean_reciprocal_rank_scorer

FAST = {"max_epochs": 6, "hidden_dim": 8, "random_state": 0, "device": "cpu"}
RING = np.array([(i, (i + 1) % 8) for i in range(8)])
CHORDS = np.array([(i, (i + 2) % 8) for i in range(8)])
LINKS, NEW = np.concatenate([RING, CHORDS[:4]]), CHORDS[4:]
OPPOSITE = np.array([(i, i + 4) for i in range(4)])
PAIRS, Y = np.concatenate([LINKS, OPPOSITE[:2]]), np.repeat([1, 0], [12, 2])
ASKED, Y_ASKED = np.concatenate([NEW, OPPOSITE[2:]]), np.repeat([1, 0], [4, 2])


def ring(**params):
    return AttentionLinkPredictor(**FAST | params)


def validation_of(estimator, *given, **validation):
    return plan_links(_unfitted_copy(estimator), *given, **validation).data[1]


def test_validation_pairs_are_predicted_in_the_graph_of_the_fitted_links():
    clf = ring(early_stopping=False)
    clf.fit(PAIRS, Y, X_val=ASKED, y_val=Y_ASKED)
    proba = clf.predict_proba(ASKED)[np.arange(6), Y_ASKED]
    assert clf.validation_curve_[-1] == pytest.approx(-np.log(proba).mean(), abs=1e-5)
    score = clf.net_.history[-1, "valid_score"]
    assert score == pytest.approx(clf.score(ASKED, Y_ASKED))
    assert clf.input_summary_["n_edges"] == 24
    assert clf.input_summary_["n_validation"] == 6
    assert clf.n_iter_ == 6


def test_validation_does_not_change_the_training():
    plain = ring().fit(PAIRS, Y)
    given = {"X_val": ASKED, "y_val": Y_ASKED}
    clf = ring(early_stopping=False).fit(PAIRS, Y, **given)
    assert clf.loss_curve_ == plain.loss_curve_
    assert plain.validation_curve_ is None
    assert plain.resolved_params_["early_stopping"] is False


def test_the_best_epoch_is_kept():
    clf = ring(n_iter_no_change=2, max_epochs=60, scoring="roc_auc")
    clf.fit(PAIRS, Y, X_val=ASKED, y_val=Y_ASKED)
    assert clf.n_iter_ < 60
    assert clf.resolved_params_["early_stopping"] is True
    scores = clf.net_.history[:, "valid_score"]
    assert max(scores) == scores[-3] or max(scores) > scores[-1]
    found = clf.decision_function(ASKED)
    auc = (found[:4, None] > found[4:]).mean()
    assert auc == pytest.approx(max(scores))


def test_scorers_of_rankings_choose_the_epoch():
    clf = ring(scoring=mean_reciprocal_rank_scorer)
    clf.fit(PAIRS, Y, X_val=ASKED, y_val=Y_ASKED)
    best = max(clf.net_.history[:, "valid_score"])
    assert best == pytest.approx(mean_reciprocal_rank_scorer(clf, ASKED, Y_ASKED))


def test_non_links_are_drawn_once_for_validation_links():
    given = ring(n_negatives=2), LINKS, None
    source = validation_of(*given, X_val=NEW)
    ((batch, labels),) = source.epoch(None)
    assert labels.y.tolist() == [1] * 4 + [0] * 8
    drawn = {frozenset(pair) for pair in batch.targets[4:].tolist()}
    assert drawn <= {frozenset(pair) for pair in OPPOSITE.tolist()} | {
        frozenset((i, (i + 3) % 8)) for i in range(8)
    }
    ((again, _),) = validation_of(*given, X_val=NEW).epoch(None)
    assert again.targets.equal(batch.targets)
    marked = validation_of(*given, X_val=ASKED, y_val=Y_ASKED)
    assert len(marked) == 6


def test_edges_of_validation_pairs_are_hidden_and_counted():
    with pytest.warns(UserWarning, match="4 of 4 pairs of X_val are also rows of X"):
        source = validation_of(ring(), LINKS, None, X_val=LINKS[:4, ::-1])
    assert source.batch.structure.edges.n_edges == 2 * 8 + 8  # with self-loops


def test_numbers_are_validated_in_units_of_their_deviation():
    rows = pd.DataFrame({"a": LINKS[:, 0], "b": LINKS[:, 1], "year": np.arange(12.0)})
    y = np.arange(12.0) * 2
    new = rows.iloc[:4].assign(b=NEW[:, 1], a=NEW[:, 0])
    reg = AttentionLinkRegressor(**FAST, early_stopping=False)
    reg.fit(rows, y, X_val=new, y_val=y[:4])
    error = ((reg.predict(new) - y[:4]) ** 2).mean() / y.var()
    assert reg.validation_curve_[-1] == pytest.approx(error, abs=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": NEW}, "X_val needs y_val"),
        ({"y_val": Y}, "y_val needs X_val"),
        ({"X_val": NEW, "y_val": [0, 1, 2, 1]}, r"unseen classes \[2\]"),
        (
            {"X_val": NEW, "y_val": [1]},
            r"y_val must hold one label.*X_val \(4\)",
        ),
        ({"X_val": [(0, 99)], "y_val": [1]}, "pairs must name known nodes, got 99"),
        ({"X_val": [(1, 1)], "y_val": [1]}, "the two nodes of a pair must differ"),
        ({"X_val": [(0, 4, 1)], "y_val": [1]}, "X_val must have 2 columns, as in fit"),
        ({"X_val": [(0,)], "y_val": [1]}, "X_val must have two columns"),
        ({"X_val": [], "y_val": []}, "X_val must hold at least one pair"),
        ({"X_val": NEW, "y_val": [1, None, 1, 1]}, "y_val must be without missing"),
    ],
)
def test_validation_that_does_not_fit_is_refused(given, message):
    clf = ring()
    with pytest.raises(ValueError, match=message):
        clf.fit(PAIRS, Y, **given)
    assert not hasattr(clf, "net_")


def test_early_stopping_needs_validation_pairs():
    with pytest.raises(ValueError, match="early_stopping=True needs validation pairs"):
        ring(early_stopping=True).fit(PAIRS, Y)
