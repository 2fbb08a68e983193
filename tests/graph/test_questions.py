import numpy as np
import pandas as pd
import pytest

from skattn.graph import Question
from skattn.graph._questions import as_questions


def test_questions_of_the_same_parts_are_equal_and_keys():
    short = Question("ann").to("mother").to("sister")
    assert short == Question("ann", "mother", "sister")
    assert {short: 1}[Question("ann", "mother", "sister")] == 1
    assert short != Question("ann", "sister", "mother")
    assert Question(np.str_("ann"), np.int64(3)) == Question("ann", 3)


def test_repr_is_the_expression_that_makes_the_question():
    both = (Question("ann", "mother") & Question(5, "^sister")).to("friend")
    question = both & Question("eve", "friend") & Question("ida", "friend")
    assert repr(both) == (
        "(Question('ann', 'mother') & Question(5, '^sister')).to('friend')"
    )
    assert eval(repr(question)) == question
    assert len(question.parts) == 3


def test_entities_are_those_of_all_parts():
    both = Question("ann", "mother") & Question("eve", "mother")
    assert (both.to("friend") & Question("ida", "friend")).entities == (
        "ann",
        "eve",
        "ida",
    )


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Question(None), ValueError, "start, an entity, must have a name"),
        (lambda: Question(["a"], "r"), TypeError, "must be given by name.*list"),
        (lambda: Question("a", float("nan")), ValueError, "relation of a question"),
        (lambda: Question("a", ("r",)), TypeError, "relation of a question"),
        (lambda: Question("a") & Question("b", "r"), ValueError, r"to\(relation\)"),
        (lambda: Question((Question("a", "r"),)), ValueError, "must have two"),
        (lambda: Question(("a", "b"), "r"), TypeError, "tuple with str"),
        (lambda: Question("a", "r") and 1, TypeError, "by &, not by 'and'"),
        (lambda: Question("a", "r") & "b", TypeError, "joins two questions.*str"),
        (lambda: "b" & Question("a", "r"), TypeError, "joins two questions.*str"),
        (lambda: Question(pd.NaT, "r"), ValueError, "must have a name, got NaT"),
        (lambda: Question("a", pd.NA), ValueError, "must have a name, got <NA>"),
        (lambda: Question(True, "r"), TypeError, "text or a number, got bool"),
        (lambda: Question(1j, "r"), TypeError, "text or a number, got complex"),
    ],
)
def test_what_is_no_question_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "join",
    [
        lambda a, b: a | b,
        lambda a, b: a ^ b,
        lambda a, b: "b" | a,
        lambda a, b: a | np.array([1]),
        lambda a, b: ~a,
    ],
)
def test_unions_and_negations_are_refused_with_a_remedy(join):
    with pytest.raises(TypeError, match=r"joined by & alone.*numpy\.maximum"):
        join(Question("a", "r"), Question("b", "r"))


def test_a_question_that_is_repeated_counts_once():
    one, other = Question("a", "r"), Question("b", "r")
    assert (one & one) == one
    assert (one & other & one).parts == (one, other)


def test_questions_are_told_from_tables():
    one = Question("a", "r")
    assert as_questions(one) == [one]
    assert as_questions([one, one]) == [one, one]
    assert as_questions(pd.Series([one])) == [one]
    assert as_questions(np.array([one, one], object)) == [one, one]
    for table in ([("a", "r")], pd.DataFrame([("a", "r")]), np.array([["a", "r"]]), []):
        assert as_questions(table) is None
    assert as_questions(np.array(1.0)) is None
    assert as_questions(iter([one])) is None
    for cells in (np.array([[one, one]]), pd.DataFrame({"asked": [one]})):
        with pytest.raises(ValueError, match="Pass one of its columns"):
            as_questions(cells)
    assert as_questions("ab") is None
    with pytest.raises(TypeError, match=r"row 1 is tuple.*Question\(head, relation\)"):
        as_questions([one, ("a", "r")])
    with pytest.raises(ValueError, match=r"Question\('a'\) in row 0"):
        as_questions(Question("a"))
