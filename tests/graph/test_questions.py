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
        (lambda: Question("a", "r") & "b", TypeError, "unsupported operand"),
    ],
)
def test_what_is_no_question_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_questions_are_told_from_tables():
    one = Question("a", "r")
    assert as_questions(one) == [one]
    assert as_questions([one, one]) == [one, one]
    assert as_questions(pd.Series([one])) == [one]
    assert as_questions(np.array([one, one], object)) == [one, one]
    for table in ([("a", "r")], pd.DataFrame([("a", "r")]), np.array([["a", "r"]]), []):
        assert as_questions(table) is None
    assert as_questions(np.array(1.0)) is None
    assert as_questions("ab") is None
    with pytest.raises(TypeError, match=r"row 1 is tuple.*Question\(head, relation\)"):
        as_questions([one, ("a", "r")])
    with pytest.raises(ValueError, match=r"Question\('a'\) in row 0"):
        as_questions(Question("a"))
