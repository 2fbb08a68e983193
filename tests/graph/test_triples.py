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


@pytest.mark.parametrize("missing", [None, float("nan"), np.datetime64("NaT")])
def test_missing_names_are_refused_with_their_row(missing):
    with pytest.raises(ValueError, match=r"head of X .* got 1 without one \(row 1\)"):
        read_columns([("a", "r"), (missing, "r")], "X", QUESTION)
    with pytest.raises(ValueError, match="y must have a name in every row"):
        read_names(np.array(["a", missing], dtype=object), "y")


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ValueError, "one entity per row, got None"),
        ("text", ValueError, "got str"),
        ({"a": 1}, ValueError, "got dict"),
        ([["a"], ["b"]], ValueError, r"got shape \(2, 1\)"),
        ([["a"], ["b", "c"]], ValueError, "hashable values, got list in row 0"),
        (["a", True], ValueError, "got bool in row 1"),
        (np.ma.masked_equal([1, 2], 2), ValueError, "without masked entries"),
    ],
)
def test_columns_that_are_no_names_are_refused(y, error, message):
    with pytest.raises(error, match=message):
        read_names(y, "y")


def test_vocabulary_numbers_sorted_names():
    vocabulary = Vocabulary.of(["b", "a", "b"], ["s", "r"])
    assert vocabulary.encode(["b", "z", "a"]).tolist() == [1, -1, 0]
    assert vocabulary.encode_relations(["s", "^r"]).tolist() == [1, 2]
    assert [vocabulary.relation_name(k) for k in range(4)] == ["r", "s", "^r", "^s"]


@pytest.mark.parametrize(
    "names",
    [
        ["a", 1],
        [b"a"],
        [("a", "b")],
        [1j],
        [10**30],
        [-1, 2**63 + 1],
        ["a\0"],
        [object()],
    ],
)
def test_names_without_a_common_array_are_refused(names):
    with pytest.raises(ValueError, match="entities must be all text or all numbers"):
        Vocabulary.of(names, ["r"])
    with pytest.raises(ValueError, match="relations must be all text or all numbers"):
        Vocabulary.of(["a"], names)


def test_numbers_are_names():
    assert Vocabulary.of([2, 0.5, 1.0], [2**63]).encode([1, 2]).tolist() == [1, 2]


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
