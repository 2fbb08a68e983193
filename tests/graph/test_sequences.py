import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph import sequence_graphs
from skattn.graph._sequences import read_sequences

NAN = np.nan


def steps(n_steps, n_features=1):
    return np.arange(float(n_steps * n_features)).reshape(n_steps, n_features)


def attended(**parameters):
    (graph,) = sequence_graphs([steps(4)], **parameters)
    return graph.adjacency.toarray().astype(int).tolist()


def test_in_a_chain_a_position_attends_to_its_neighbours_and_itself():
    band = [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]
    assert attended(connect="chain") == band
    assert attended(connect="chain", window=3) == band
    assert attended(connect="window", window=1) == band


def test_a_window_extends_to_both_sides():
    wide = [[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]]
    assert attended(connect="window", window=2) == wide


def test_a_causal_position_attends_to_itself_and_earlier_steps():
    lower = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    assert attended(connect="causal") == lower
    assert attended(connect="causal", window=9) == lower


def test_a_causal_window_is_limited():
    band = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert attended(connect="causal", window=1) == band


def test_in_a_complete_graph_all_steps_attend_to_all():
    assert attended() == np.ones((4, 4), dtype=int).tolist()


@pytest.mark.parametrize("connect", ["chain", "window", "causal", "complete"])
def test_one_step_attends_to_itself(connect):
    (graph,) = sequence_graphs([[[7.0, 8.0]]], connect=connect, window=2, position=None)
    assert graph.adjacency.toarray().tolist() == [[1]]
    assert_array_equal(graph.X, [[7, 8]])


@pytest.mark.parametrize("connect", ["chain", "window", "causal", "complete"])
def test_graphs_equal_those_the_constructor_makes(connect):
    graphs = sequence_graphs([steps(5), steps(3)], connect=connect, window=2)
    for graph in graphs:
        made = Graph(graph.adjacency.toarray(), graph.X)
        for part in ("data", "indices", "indptr"):
            ours, theirs = (getattr(g.adjacency, part) for g in (graph, made))
            assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
        assert_array_equal(graph.targets, made.targets)
        assert graph.targets.dtype == np.int64
        assert not graph.is_view


def test_positional_encoding_is_appended_to_the_features():
    (graph,) = sequence_graphs([steps(3, 2)])
    assert graph.n_features == 10
    assert_array_equal(graph.X[:, :2], steps(3, 2))
    assert_array_equal(graph.X[0, 2:], [0, 1, 0, 1, 0, 1, 0, 1])
    angles = np.array([2, 0.2, 0.02, 0.002])
    assert_allclose(graph.X[2, 2::2], np.sin(angles), rtol=1e-6)
    assert_allclose(graph.X[2, 3::2], np.cos(angles), rtol=1e-6)


def test_positions_do_not_depend_on_the_length():
    short, long = sequence_graphs([steps(2), steps(5)])
    assert_array_equal(short.X[:, 1:], long.X[:2, 1:])


def test_sequences_of_one_length_share_their_edges():
    first, _, last = sequence_graphs([steps(4), steps(3), steps(4)])
    assert first.adjacency is last.adjacency


def test_an_array_of_three_dimensions_is_a_list_of_its_sequences():
    X = np.arange(12.0).reshape(2, 3, 2)
    for read, written in zip(read_sequences(X), X, strict=True):
        assert_array_equal(read, written)


def test_time_is_the_last_axis_with_axis_2_only():
    X = np.arange(12.0).reshape(2, 3, 2)
    first, second = read_sequences(X, axis=2)
    assert_array_equal(first, X[0].T)
    assert_array_equal(second, X[1].T)
    (alone,) = read_sequences([X[0]], axis=2)
    assert_array_equal(alone, X[0].T)


def test_object_arrays_tuples_and_nested_lists_are_lists():
    holder = np.empty(2, dtype=object)
    holder[:] = [steps(2), steps(3)]
    for X in (holder, tuple(holder), [part.tolist() for part in holder]):
        assert [len(read) for read in read_sequences(X)] == [2, 3]


def test_frames_are_read_by_their_columns():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None]})
    (read,) = read_sequences([frame])
    assert_array_equal(read, [[1, 0.5], [2, NAN]])
    nullable = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1.0, 2]})
    (read,) = read_sequences([nullable])
    assert_array_equal(read, [[1, 1], [NAN, 2]])


def test_frames_with_other_columns_are_an_error_that_names_the_first():
    frames = [pd.DataFrame(steps(2, 2), columns=list(names)) for names in ("ab", "ba")]
    with pytest.raises(
        ValueError, match=r"\['a', 'b'\] and, at position 1, \['b', 'a'\]"
    ):
        read_sequences(frames)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_precision(dtype):
    (graph,) = sequence_graphs([steps(2).astype(dtype)])
    assert graph.X.dtype == dtype


def test_integers_and_truth_values_become_floats():
    for entry in ([[1], [2]], [[True], [False]]):
        (read,) = read_sequences([entry])
        assert read.dtype == np.float64


def test_padding_is_removed_only_at_the_end():
    padded = [[NAN, NAN], [1, NAN], [NAN, NAN], [2, 3], [NAN, NAN], [NAN, NAN]]
    (read,) = read_sequences([padded])
    assert_array_equal(read, padded[:4])


def test_padding_is_removed_in_arrays_and_along_the_last_axis():
    X = np.ones((2, 3, 2))
    X[1, 1:] = NAN
    assert [len(read) for read in read_sequences(X)] == [3, 1]
    swapped = read_sequences(X.transpose(0, 2, 1), axis=2)
    assert [read.shape for read in swapped] == [(3, 2), (1, 2)]


@pytest.mark.parametrize("nothing", [np.full((3, 2), NAN), np.empty((0, 2))])
def test_a_sequence_without_a_step_is_an_error_that_names_its_row(nothing):
    with pytest.raises(ValueError, match="not all NaN, got none at position 1"):
        read_sequences([steps(3, 2), nothing])


def test_different_widths_are_an_error_that_names_the_first():
    with pytest.raises(ValueError, match=r"first one \(2\), got 3 at position 1"):
        read_sequences([steps(2, 2), steps(2, 3), steps(2, 4)])
    with pytest.raises(ValueError, match=r"as \(n_features, n_steps\); set axis="):
        read_sequences([steps(2, 2), steps(3, 2)], axis=2)


@pytest.mark.parametrize("entry", [[1.0, 2.0], 3.0, np.ones((1, 1, 1)), [[], []]])
def test_an_entry_without_rows_and_columns_is_an_error(entry):
    with pytest.raises(
        ValueError, match=r"two dimensions.* at position 1\. .*reshape\(-1, 1\)"
    ):
        read_sequences([steps(2), entry])


def test_ragged_rows_are_an_error():
    with pytest.raises(ValueError, match="Sequence 0 must have rows of equal length"):
        read_sequences([[[1.0], [2.0, 3.0]]])


@pytest.mark.parametrize("entry", [[["a"]], sp.csr_array(np.ones((2, 1)))])
def test_entries_without_numbers_are_an_error(entry):
    with pytest.raises(TypeError, match="Sequence 1 must hold numbers"):
        read_sequences([steps(2), entry])


def test_a_graph_among_sequences_is_an_error():
    with pytest.raises(TypeError, match="got a Graph at position 1"):
        read_sequences([steps(2), Graph([[1]], [[1.0]])])


@pytest.mark.parametrize("empty", [[], np.empty((0, 3, 2))])
def test_no_sequence_is_an_error(empty):
    with pytest.raises(ValueError, match="at least one sequence"):
        read_sequences(empty)


@pytest.mark.parametrize("X", [np.ones((2, 3)), pd.DataFrame(np.ones((2, 3)))])
def test_one_array_must_have_three_dimensions(X):
    with pytest.raises(ValueError, match=r"got shape \(2, 3\).* Use \[X\] for"):
        read_sequences(X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"connect": "all"}, "connect must be one of .*'chain'.*got 'all'"),
        ({"connect": "window"}, "connect='window' needs window="),
        ({"connect": "window", "window": 0}, "window must be an int .* got 0"),
        ({"connect": "causal", "window": 1.5}, "window must be an int .* got 1.5"),
        ({"position": "learned"}, "position must be 'sinusoidal' or None"),
        ({"axis": 0}, r"axis must be 1 .* or 2 .* got 0"),
    ],
)
def test_unknown_choices_are_errors(parameters, message):
    with pytest.raises(ValueError, match=message):
        sequence_graphs([steps(2)], **parameters)
