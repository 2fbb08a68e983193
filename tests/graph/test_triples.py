import numpy as np
import pytest

from skattn.graph._triples import (
    KnownAnswers,
    Vocabulary,
    directed,
    read_columns,
    read_names,
    with_inverses,
)

QUESTION = ("head", "relation")


@pytest.mark.parametrize(
    "X",
    [
        [("a", "r"), ("b", "s")],
        np.array([["a", "r"], ["b", "s"]]),
        np.array([["a", "r"], ["b", "s"]], dtype=object),
    ],
)
def test_columns_of_a_table_are_lists_of_names(X):
    assert read_columns(X, "X", QUESTION) == [["a", "b"], ["r", "s"]]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_frames_keep_their_types(library):
    frame = pytest.importorskip(library).DataFrame({"who": [1, 2], "how": ["r", "s"]})
    assert read_columns(frame, "X", QUESTION) == [[1, 2], ["r", "s"]]


@pytest.mark.parametrize("X", ["text", 3, [1, 2], None])
def test_what_is_no_table_is_refused(X):
    with pytest.raises(TypeError, match="must be a table of names"):
        read_columns(X, "X", QUESTION)


def test_other_number_of_columns_is_refused():
    with pytest.raises(ValueError, match=r"2 columns, head and relation, got 3"):
        read_columns([("a", "r", "b")], "X", QUESTION)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_names_are_refused_with_their_row(missing):
    with pytest.raises(ValueError, match=r"1 without a name \(first in row 1\)"):
        read_columns([("a", "r"), (missing, "r")], "X", QUESTION)
    with pytest.raises(ValueError, match="y must name an entity"):
        read_names(np.array(["a", missing], dtype=object), "y")


def test_vocabulary_numbers_sorted_names():
    vocabulary = Vocabulary.of(["b", "a", "b"], ["s", "r"])
    assert vocabulary.encode(["b", "z", "a"]).tolist() == [1, -1, 0]
    assert vocabulary.encode_relations(["s", "^r"]).tolist() == [1, 2]
    assert [vocabulary.relation_name(k) for k in range(4)] == ["r", "s", "^r", "^s"]


def test_names_of_two_kinds_are_refused():
    with pytest.raises(ValueError, match="all text or all numbers"):
        Vocabulary.of(["a", 1], ["r"])


def test_relations_with_the_mark_of_inverses_are_refused():
    with pytest.raises(ValueError, match=r"must not begin with '\^'.*'\^r'"):
        Vocabulary.of(["a"], ["^r"])


def test_unknown_relation_is_named():
    with pytest.raises(ValueError, match=r"among those of fit \('r'\).*got 'q'"):
        Vocabulary.of(["a"], ["r"]).encode_relations(["r", "q"])


def test_inverses_turn_facts_round_and_back():
    triples = np.array([[0, 1, 2], [3, 0, 1]])
    both = with_inverses(triples, 2)
    assert both.tolist() == [[0, 1, 2], [3, 0, 1], [2, 3, 0], [1, 2, 3]]
    assert directed(both, 2).tolist() == [*triples.tolist(), *triples.tolist()]


def test_known_answers_include_inverse_questions():
    known = KnownAnswers.of(np.array([[0, 0, 1], [0, 0, 2], [2, 1, 0]]), 2)
    assert sorted(known(0, 0)) == [1, 2]
    assert known(0, 3).tolist() == [2]
    assert known(2, 2).tolist() == [0]
    assert known(1, 1).tolist() == []
