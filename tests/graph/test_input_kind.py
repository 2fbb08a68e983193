import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._input_kind import input_kind

PAIR = Graph([[0, 1], [1, 0]])
STEPS = np.ones((3, 2))


def objects(*entries):
    holder = np.empty(len(entries), dtype=object)
    for number, entry in enumerate(entries):
        holder[number] = entry
    return holder


GRAPHS = [
    [PAIR, PAIR],
    (PAIR,),
    objects(PAIR, PAIR),
    np.array([PAIR, PAIR], dtype=object),
    pd.Series([PAIR, PAIR], index=[7, 8]),
]
SEQUENCES = [
    [STEPS, STEPS[:1]],
    (STEPS,),
    [pd.DataFrame(STEPS)],
    [STEPS.tolist(), STEPS.tolist()],
    [[STEPS[0], STEPS[1]]],
    np.ones((4, 3, 2)),
    objects(STEPS, STEPS[:1]),
    pd.Series([STEPS, STEPS[:1]]),
]
TABLES = [
    STEPS,
    STEPS.tolist(),
    list(STEPS),
    [(1, 2), (3, 4)],
    [range(2), range(2)],
    [["a", 1], ["b", 2]],
    STEPS.astype(object),
    sparse.csr_array(STEPS),
    pd.DataFrame(STEPS),
    [1, 2],
    np.ones(3),
]


@pytest.mark.parametrize("X", GRAPHS)
def test_first_entry_decides_a_list_of_graphs(X):
    assert input_kind(X) == "graphs"


@pytest.mark.parametrize("X", SEQUENCES)
def test_first_entry_decides_a_list_of_sequences(X):
    assert input_kind(X) == "sequences"


@pytest.mark.parametrize("X", TABLES)
def test_other_input_is_a_table(X):
    assert input_kind(X) == "table"
    assert input_kind(X, np.eye(3)) == "adjacency"
    assert input_kind(X, graph=PAIR) == "named"


def test_a_graph_is_of_kind_graph():
    assert input_kind(PAIR) == "graph"


@pytest.mark.parametrize(
    "X", [[], (), objects(), pd.Series([], dtype=object), np.ones((0, 3, 2))]
)
def test_empty_list_is_refused(X):
    with pytest.raises(ValueError, match=r"at least one .* got an empty list"):
        input_kind(X)


@pytest.mark.parametrize("wrong", [PAIR, STEPS])
def test_rows_of_a_table_and_other_entries_are_refused(wrong):
    with pytest.raises(TypeError, match=r"a row of a table first and .* at position 1"):
        input_kind([STEPS[0], wrong])


@pytest.mark.parametrize("make", [list, np.array])
def test_ragged_rows_are_named_by_position(make):
    rows = [make([1.0, 2.0]), make([3.0, 4.0]), make([5.0])]
    with pytest.raises(
        ValueError, match=r"got 1 entries in row 2 and 2 in row 0.*resh"
    ):
        input_kind(rows)


@pytest.mark.parametrize("make", [list, tuple, lambda entries: objects(*entries)])
@pytest.mark.parametrize("wrong", [None, {"a": 1}, {1, 2}, nx.path_graph(2)])
def test_other_types_are_named_with_their_position(make, wrong):
    name = type(wrong).__name__
    with pytest.raises(TypeError, match=f"got {name} at position 0"):
        input_kind(make([wrong, PAIR]))


@pytest.mark.parametrize("make", [list, lambda entries: objects(*entries)])
def test_text_is_refused_and_names_its_transformer(make):
    with pytest.raises(TypeError, match=r"the text 'CCO' at position 0.*MoleculeGraph"):
        input_kind(make(["CCO", "C"]))


@pytest.mark.parametrize("entries", [STEPS, [1.0, 2.0]])
def test_array_of_rows_is_refused(entries):
    with pytest.raises(TypeError, match=r"array of objects must hold.*np\.stack"):
        input_kind(objects(*entries))


def test_array_of_graphs_has_one_dimension():
    with pytest.raises(ValueError, match=r"one dimension, got shape \(2, 1\).*ravel"):
        input_kind(objects(PAIR, PAIR).reshape(2, 1))
    with pytest.raises(ValueError, match=r"X\.item\(\)"):
        input_kind(np.asarray(PAIR, dtype=object))


@pytest.mark.parametrize("X", [[PAIR], [STEPS], np.ones((4, 3, 2))])
@pytest.mark.parametrize("other", [{"adjacency": np.eye(1)}, {"graph": PAIR}])
def test_list_with_graph_or_adjacency_is_refused(X, other):
    with pytest.raises(ValueError, match=f"edges of its own, and {next(iter(other))}="):
        input_kind(X, **other)
