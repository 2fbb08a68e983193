import numpy as np
import pytest

from skattn.estimators import _truth
from skattn.estimators._truth import Sample, Truth, TruthMap, _learned_map


def test_truth_of_the_map_without_hidden_facts_by_hand():
    scores = np.log([0.5, 0.3, 0.2])
    truth = TruthMap()(scores, np.array([0]))
    # log odds: log .6 (of the new) + log .5 (new at all) + log(1 + 1 known answer)
    odds = np.array([0.3, 0.2]) * 2
    np.testing.assert_allclose(truth, [1, *(odds / (1 + odds))], rtol=1e-6)


def test_truth_does_not_depend_on_a_constant_of_the_scores():
    scores = np.array([0.0, 1.0, -2.0, 0.5])
    found = TruthMap(1.5, 0.4, 0.3, 1.0, -1.0)
    none = np.zeros(0, np.int64)
    np.testing.assert_allclose(found(scores, none), found(scores + 7, none))
    assert found(scores, np.arange(4)).tolist() == [1, 1, 1, 1]


def test_scores_of_minus_infinity_have_a_finite_truth():
    truth = TruthMap()(np.array([0.0, -np.inf, -1e30]), np.array([0]))
    assert np.isfinite(truth).all()


def made_sample(share, rng, n=40_000):
    """Candidates of known truth, of which a share of the true ones are hidden."""
    X = np.column_stack([rng.normal(size=(n, 4)), np.ones(n)])
    truth = 1 / (1 + np.exp(-X @ np.array([2.0, -1.0, 0.5, 0.0, -1.0])))
    is_true = rng.random(n) < truth
    return X, is_true, is_true & (rng.random(n) < share)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_true_candidates_that_are_not_hidden_are_taken_into_account(share):
    X, is_true, is_hidden = made_sample(share, np.random.default_rng(0))
    weights = np.ones(len(X))
    found = _learned_map([Sample(X, is_hidden, weights)], share)
    log_odds = X @ np.array([*vars(found).values()])
    truth = 1 / (1 + np.exp(-log_odds))
    others = ~is_hidden
    for low, high in ((0.05, 0.3), (0.3, 0.6), (0.6, 0.95)):
        members = others & (truth > low) & (truth < high)
        gap = truth[members].mean() - is_true[members].mean()
        assert abs(gap) < 0.04


def test_weights_count_candidates():
    X, _, is_hidden = made_sample(0.5, np.random.default_rng(1), n=300)
    weights = np.where(is_hidden, 1.0, 3.0)
    repeated = np.repeat(np.arange(300), weights.astype(int))
    one = _learned_map([Sample(X, is_hidden, weights)], 0.5)
    other = _learned_map(
        [Sample(X[repeated], is_hidden[repeated], np.ones(len(repeated)))], 0.5
    )
    np.testing.assert_allclose(
        [*vars(one).values()], [*vars(other).values()], rtol=1e-3
    )


def test_without_hidden_answers_the_map_is_that_of_the_start():
    assert _learned_map([], 0.5) == TruthMap()
    X = np.ones((3, 5))
    assert _learned_map([Sample(X, np.zeros(3, bool), np.ones(3))], 0.5) == TruthMap()
    assert list(vars(TruthMap()).values()) == _truth._START.tolist()


def test_the_map_of_paths_is_that_without_a_factorization():
    paths, mixed = TruthMap(), TruthMap(2.0)
    assert Truth(paths, mixed).map_for(None) is paths
    assert Truth(paths, mixed).map_for(object()) is mixed
    assert Truth(paths, None).map_for(object()) is paths
