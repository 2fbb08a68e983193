import json

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="benchmarks are beside the source only")

from benchmarks import _questions as questions
from benchmarks import _suite_report as report
from benchmarks import _suite_task as task
from benchmarks import defaults


def results(scores, stage="test"):
    """Make results of sets {set: {method: [score of each split]}}."""
    return [
        {
            "set": name,
            "method": method,
            "split": f"fold {k}",
            "stage": stage,
            "quick": True,
            "score": score,
            "log_loss": None,
            "seconds": 2.0,
        }
        for name, methods in scores.items()
        for method, values in methods.items()
        for k, score in enumerate(values)
    ]


def test_the_highest_mean_has_rank_1_and_ties_share_a_rank():
    scores = {"a": np.array([0.5, 0.7]), "b": np.array([0.6]), "c": np.array([0.9])}
    assert report.ranks(scores) == {"a": 2.5, "b": 2.5, "c": 1.0}
    assert report.ranks(scores, lower=True) == {"a": 1.5, "b": 1.5, "c": 3.0}


def test_methods_are_compared_on_the_splits_that_all_have():
    values = {
        "a": {"fold 0": 1.0, "fold 1": 2.0, "fold 2": 9.0},
        "b": {"fold 1": 4.0, "fold 0": 3.0},
        "begun": {"fold 2": 5.0},
    }
    compared = report.compared(values, ["a", "b", "begun", "missing"])
    assert {m: v.tolist() for m, v in compared.items()} == {
        "a": [1.0, 2.0],
        "b": [3.0, 4.0],
    }


def test_the_table_counts_wins_against_the_reference():
    scores = {
        "first": {"old": [0.50, 0.52], "new": [0.80, 0.82]},
        "second": {"old": [0.50, 0.60], "new": [0.49, 0.59]},
    }
    lines = report.table(results(scores), "test", reference="old")
    assert "| first (2) | 0.5100 ± 0.0100 (2) | 0.8100 ± 0.0100 (1) |" in lines
    assert "| **mean rank** | 1.50 | 1.50 |" in lines
    assert "| **better, worse than old** |  | 1 : 1 |" in lines
    assert "| **by more than a deviation** |  | 1 : 0 |" in lines


def test_a_line_cut_by_an_interrupt_is_measured_again(tmp_path):
    path = tmp_path / "results.jsonl"
    first, second = results({"set": {"method": [0.5, 0.6]}})
    report.append(path, first)
    with path.open("a") as file:
        file.write(json.dumps(second)[:20])
    assert report.read([path, tmp_path / "absent.jsonl"]) == [first]
    report.append(path, second)
    assert [report.key(r)[2] for r in report.read([path])] == ["fold 0", "fold 1"]


def test_drawn_nodes_are_disjoint_and_balanced():
    y = np.repeat([0, 1, 2], 100)
    (run, other) = task.drawn(y, 2, 20, 50, n_test=60)
    assert np.bincount(y[run.train]).tolist() == [20, 20, 20]
    parts = [run.train, run.val, *run.scored.values()]
    assert [len(p) for p in parts] == [60, 50, 60, 60]
    assert len(np.unique(np.concatenate(parts))) == 230
    assert set(run.train) != set(other.train)


@pytest.mark.parametrize(
    "runs",
    [
        task.folded(np.repeat([0, 1], 50), 5, 3, holdout=True),
        task.random_parts(np.repeat([0, 1], 50), 2, classes=True),
        task.grouped_parts(np.tile([0, 1], 50), np.arange(100) // 4, 2),
        task.given(np.repeat([0, 1], 50)[::-1], 60, 2, 3, classes=True),
    ],
)
def test_development_never_sees_the_test_rows_of_its_split(runs):
    first_test = next(r.scored["test"] for r in runs if "test" in r.scored)
    for run in runs:
        ((stage, scored),) = run.scored.items()
        fitted = run.train if run.val is None else np.r_[run.train, run.val]
        assert not np.isin(scored, fitted).any()
        if stage == "development" and run.seed == 0:
            assert not np.isin(np.r_[fitted, scored], first_test).any()


def test_parts_of_whole_groups_have_all_classes_for_development():
    # large groups of both classes, small groups of one class or the other
    groups = np.repeat(np.arange(35), [20] * 5 + [2] * 30)
    y = np.where(groups < 5, np.arange(160) % 2, groups % 2)
    for run in task.grouped_parts(y, groups, 3):
        parts = [run.train, run.val, *run.scored.values()]
        of_parts = [set(groups[rows]) for rows in parts]
        assert sum(map(len, of_parts)) == len(set.union(*of_parts))
        if "development" in run.scored:
            assert len(set(y[run.scored["development"]])) == 2


def test_results_on_file_are_not_measured_again(tmp_path, monkeypatch, capsys):
    path = str(tmp_path / "results.jsonl")
    monkeypatch.setattr(
        "sys.argv",
        f"defaults --quick --out {path} --sets syn-degree --methods linear".split(),
    )
    defaults.main()
    measured = report.read([path])
    assert [r["stage"] for r in measured] == ["development", "test"]
    assert "syn-degree, linear, draw 0" in capsys.readouterr().out
    defaults.main()
    assert report.read([path]) == measured
    assert capsys.readouterr().out == ""


CHAIN = [[("a", "r", "b")], [("b", "s", "d")], [("b", "s", "c")]]
"""Facts of training, validation and test."""


def test_asked_questions_need_a_test_fact():
    source = questions.Source(*CHAIN, np.random.default_rng(0))
    (asked,) = [q for q in source.two_hops(2) if q.question.start == "a"]
    assert asked.question == questions.Question("a", "r", "s")
    assert (asked.known, asked.hard, asked.every) == ({"d"}, {"c"}, {"c", "d"})


def test_questions_of_one_hop_have_a_known_answer():
    source = questions.Source(*CHAIN, np.random.default_rng(0), needs_test=False)
    asked = {each.question: each for each in source.one_hop()}
    assert len(asked) == 4
    incomplete = asked[questions.Question("b", "s")]
    assert (incomplete.known, incomplete.every) == ({"d"}, {"c", "d"})


def test_ranks_and_calibration_of_composed_questions_by_hand():
    asked = questions.Asked(questions.Question("a", "r"), {"d"}, {"c"}, {"c", "d"})
    column_of = {"a": 0, "b": 1, "c": 2, "d": 3}
    truth = np.array([0.1, 0.7, 0.5, 1.0])
    assert questions.reciprocal_rank(truth, asked, column_of) == 0.5  # behind b
    best, holds = questions.candidates(truth, asked, column_of, n_best=2)
    assert (best.tolist(), holds.tolist()) == ([0.7, 0.5], [False, True])
    assert questions.calibration_error(best, holds) == pytest.approx(0.6)
