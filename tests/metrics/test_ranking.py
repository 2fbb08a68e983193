import numpy as np
import pytest
from sklearn.metrics import average_precision_score, label_ranking_loss

from skattn.metrics import (
    _ranking,
    average_precision_at_k,
    filtered_ranks,
    hits_at_k,
    mean_reciprocal_rank,
)

SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.5, 0.5], [3.0, 2.0, 1.0]])


def test_the_rank_is_one_plus_the_greater_and_half_of_the_ties():
    assert filtered_ranks([1, 0, 2], SCORES).tolist() == [1, 2, 3]
    assert mean_reciprocal_rank([1, 0, 2], SCORES) == pytest.approx(
        (1 + 1 / 2 + 1 / 3) / 3
    )
    assert hits_at_k([1, 0, 2], SCORES, k=2) == pytest.approx(2 / 3)


def test_a_constant_score_has_the_mean_rank():
    assert filtered_ranks([0], np.zeros((1, 5))).tolist() == [3]
    assert filtered_ranks([1, 0, 0, 0, 0], np.zeros(5)).tolist() == [3]


def test_other_true_candidates_do_not_count():
    true = [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert filtered_ranks(true, SCORES).tolist() == [2, 1, 3]


def test_candidates_that_are_not_reached_share_one_rank():
    assert filtered_ranks([3], [[1.0, -np.inf, -np.inf, -np.inf]]).tolist() == [3]
    assert filtered_ranks([0, 0, 0, 1], [1.0, -np.inf, -np.inf, -np.inf]).tolist() == [
        3
    ]


def test_labels_name_the_columns_and_an_unknown_one_ranks_last():
    labels = np.array(["a", "b", "c"])
    assert filtered_ranks(["b", "x", "c"], SCORES, labels=labels).tolist() == [1, 4, 3]
    assert average_precision_at_k(
        ["b", "x", "c"], SCORES, labels=labels
    ) == pytest.approx(4 / 9)


def test_blocks_of_questions_have_the_same_ranks(monkeypatch):
    rng = np.random.default_rng(0)
    scores, true = rng.integers(0, 5, (20, 7)), rng.integers(0, 7, 20)
    at_once = filtered_ranks(true, scores)
    monkeypatch.setattr(_ranking, "BLOCK", 10)
    assert np.array_equal(filtered_ranks(true, scores), at_once)
    assert np.array_equal(filtered_ranks(np.eye(7, dtype=int)[true], scores), at_once)


def test_hits_of_one_question_are_those_of_the_open_graph_benchmark():
    rng = np.random.default_rng(0)
    links, others = rng.normal(1, 1, 50), rng.normal(0, 1, 200)
    y, scores = np.repeat([1, 0], [50, 200]), np.concatenate([links, others])
    expected = (links > np.sort(others)[-10]).mean()
    assert hits_at_k(y, scores, k=10) == expected


def test_ranks_agree_with_the_ranking_loss():
    rng = np.random.default_rng(0)
    true, scores = (
        np.eye(6, dtype=int)[rng.integers(0, 6, 30)],
        rng.normal(size=(30, 6)),
    )
    loss = label_ranking_loss(true, scores)
    assert (filtered_ranks(true, scores) - 1).mean() / 5 == pytest.approx(loss)


def test_average_precision_of_all_candidates_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 2, 40), rng.permutation(40)
    expected = average_precision_score(y, scores)
    assert average_precision_at_k(y, scores, k=40) == pytest.approx(expected)


def test_average_precision_counts_at_most_k():
    # true at ranks 1 and 3 of four; k = 2 counts the first, of min(2, 2)
    assert average_precision_at_k([1, 0, 1, 0], [4, 3, 2, 1], k=2) == 0.5
    assert average_precision_at_k([1, 0, 1, 0], [4, 3, 2, 1], k=1) == 1
    assert average_precision_at_k([[1, 0], [0, 0]], [[2, 1], [2, 1]]) == 1


def test_average_precision_of_a_label_without_a_column_is_zero():
    scores, labels = [[2.0, 1.0], [2.0, 1.0]], ["a", "b"]
    found = average_precision_at_k(["b", "other"], scores, k=10, labels=labels)
    assert found == 0.25  # 1 / 2 and 0


def test_without_a_true_candidate_there_is_no_value():
    assert np.isnan(mean_reciprocal_rank([0, 0], [1.0, 2.0]))
    assert np.isnan(hits_at_k([0, 0], [1.0, 2.0]))
    assert np.isnan(average_precision_at_k([0, 0], [1.0, 2.0]))


@pytest.mark.parametrize(
    ("y_true", "y_score", "message"),
    [
        ([1, 0], [np.nan, 1.0], "NaN"),
        ([1, 0], ["a", "b"], "numbers"),
        ([1, 2], [0.5, 1.0], "0 \\(false\\)"),
        ([1, 0, 1], [0.5, 1.0], "shape of y_score"),
        ([3, 0], [[0.5, 1.0], [0.5, 1.0]], "columns of y_score"),
        ([], [], "not be empty"),
    ],
)
def test_wrong_arguments_are_errors(y_true, y_score, message):
    with pytest.raises(ValueError, match=message):
        mean_reciprocal_rank(y_true, y_score)


def test_labels_must_match_the_columns_and_k_be_positive():
    with pytest.raises(ValueError, match="one entry per column"):
        filtered_ranks(["a"], [[1.0, 2.0]], labels=["a"])
    with pytest.raises(ValueError, match="k must be"):
        hits_at_k([1, 0], [1.0, 2.0], k=0)
