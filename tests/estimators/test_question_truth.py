"""A graph of five entities and facts of a given truth.

Known: 0 -r-> 1, 0 -r-> 2, 1 -s-> 3. Not known: 0 -r-> 4 (.5), 2 -s-> 3 (.9),
2 -s-> 4 (.8), 4 -s-> 0 (.6).
"""

import numpy as np
import pytest

from skattn.estimators import _question_truth
from skattn.estimators._knowledge import Knowledge
from skattn.estimators._question_paths import question_paths
from skattn.estimators._question_truth import QuestionTruth, is_one_hop, shares
from skattn.graph import Question
from skattn.graph._triples import Vocabulary

R, S = 0, 1
FACTS = {
    (0, R): [0, 1, 1, 0, 0.5],
    (1, S): [0, 0, 0, 1, 0],
    (2, S): [0, 0, 0, 0.9, 0.8],
    (4, S): [0.6, 0, 0, 0, 0],
}


@pytest.fixture
def asked():
    return []


@pytest.fixture
def truth(asked):
    vocabulary = Vocabulary(np.array(list("abcde")), np.array(["r", "s"]))
    triples = np.array([[0, R, 1], [0, R, 2], [1, S, 3]])

    def rows(sources, relations):
        pairs = list(zip(sources.tolist(), relations.tolist(), strict=True))
        asked.extend(pairs)
        return np.array([FACTS.get(pair, [0.0] * 5) for pair in pairs], float)

    return QuestionTruth(Knowledge(vocabulary, triples), rows)


def test_two_hops_have_the_greatest_product_over_the_entities_between(truth):
    # to 3: 1 * 1 over 1, 1 * .9 over 2; to 4: 1 * .8 over 2; to 0: .5 * .6 over 4
    np.testing.assert_allclose(truth(Question(0, R, S)), [0.3, 0, 0, 1, 0.8])


def test_a_conjunction_has_the_product_of_its_parts(truth):
    both = Question(0, R, S) & Question(2, S)
    np.testing.assert_allclose(truth(both), [0, 0, 0, 0.9, 0.64])
    # continued: from 4, of truth .64, to 0 with .6
    np.testing.assert_allclose(truth(both.to(S)), [0.384, 0, 0, 0, 0])


def test_known_answers_follow_from_known_facts_alone(truth):
    assert truth.is_known(Question(0, R)).tolist() == [False, True, True, False, False]
    assert np.flatnonzero(truth.is_known(Question(0, R, S))).tolist() == [3]
    assert not truth.is_known(Question(0, R, S) & Question(2, S)).any()
    back = Question(3, S + 2, R + 2)  # the inverses
    assert np.flatnonzero(truth.is_known(back)).tolist() == [0]


def test_ways_are_the_facts_to_an_answer_best_first(truth):
    assert truth.ways(Question(0, R, S), 3, 2) == [
        [(0, R, 1), (1, S, 3)],
        [(0, R, 2), (2, S, 3)],
    ]
    both = Question(0, R, S) & Question(2, S)
    assert truth.ways(both.to(S), 0, 3)[0] == [
        (0, R, 2), (2, S, 4), (2, S, 4), (4, S, 0)
    ]  # fmt: skip


def test_paths_replace_facts_that_are_not_known(truth):
    paths = {(0, R, 1): [["0r1"]], (1, S, 3): [["1s2", "2s3"]], (0, R, 2): [["0r2"]]}
    found = question_paths(
        truth, Question(0, R, S), np.array([3]), 2, lambda *f: paths.get(f[:3], [])
    )
    assert found == [[["0r1", "1s2", "2s3"]]]  # no path for (2, S, 3)


def test_rows_are_computed_once_and_first_hops_together(truth, asked):
    truth.prepare([Question(0, R, S), Question(2, S) & Question(0, R)])
    assert sorted(asked) == [(0, R), (2, S)]
    truth(Question(0, R, S))
    truth(Question(0, R, S))
    assert sorted(asked) == [(0, R), (1, S), (2, S), (4, S)]


def test_truths_are_the_same_if_few_rows_are_kept(truth, monkeypatch):
    monkeypatch.setattr(_question_truth, "_NUMBERS", 10)
    both = Question(0, R, S) & Question(2, S)
    truth.prepare([both])
    np.testing.assert_allclose(truth(both.to(S)), [0.384, 0, 0, 0, 0])


def test_only_the_best_entities_are_between(truth, monkeypatch):
    monkeypatch.setattr(_question_truth, "MAX_SENDERS", 2)
    np.testing.assert_allclose(truth(Question(0, R, S)), [0, 0, 0, 1, 0.8])


def test_shares_are_of_new_answers():
    known = np.array([True, False, False])
    np.testing.assert_allclose(shares(np.array([1, 0.6, 0.2]), known), [0, 0.75, 0.25])
    np.testing.assert_allclose(shares(np.array([1.0, 0, 0]), known), [0, 0.5, 0.5])
    everything = np.array([True, True, True])
    np.testing.assert_allclose(shares(np.ones(3), everything), [1 / 3] * 3)


def test_one_hop_is_a_head_and_a_relation():
    assert is_one_hop(Question(0, R))
    assert not is_one_hop(Question(0, R, S))
    assert not is_one_hop(Question(0, R) & Question(1, R))
