import numpy as np
import pytest

from skattn.inspection._shapley import Coalitions


def drawn(n_candidates, n_samples=200):
    return Coalitions.draw(n_candidates, n_samples, np.random.RandomState(0))


def test_coalitions_come_in_pairs_of_complements_and_then_all_and_none():
    kept = drawn(5, 40).kept
    assert kept.shape == (42, 5)
    assert (kept[:20] == ~kept[20:40]).all()
    assert kept[40].all()
    assert not kept[41].any()
    assert not kept[:40].all(1).any()
    assert kept[:40].any(1).all()


def test_shares_of_an_additive_game_are_its_terms():
    coalitions, terms = drawn(6), np.array([3.0, -1, 0, 2, 5, -4])
    shares = coalitions.shares(coalitions.kept @ terms + 7)
    np.testing.assert_allclose(shares, terms, atol=0.3)  # the ridge shrinks them
    assert shares.sum() == pytest.approx(terms.sum())


def test_two_that_stand_in_for_each_other_share_equally():
    coalitions = drawn(4)
    either = coalitions.kept[:, 0] | coalitions.kept[:, 1]
    shares = coalitions.shares(either.astype(float))
    assert shares[0] == pytest.approx(shares[1], abs=0.1)
    assert shares[:2].sum() == pytest.approx(1, abs=0.1)


def test_a_single_candidate_has_the_whole_change():
    coalitions = drawn(1)
    assert coalitions.kept.tolist() == [[True], [False]]
    assert coalitions.shares(np.array([5.0, 3.0])).tolist() == [2.0]
