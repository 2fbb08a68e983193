import warnings
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import torch
from numpy.testing import assert_array_equal

from skattn import Graph
from skattn.graph import _sequence_arrays

NAN = np.nan


def read_sequences(X, axis=1):
    return _sequence_arrays.read_sequences(X, axis).steps


def steps(n_steps, n_features=1):
    return np.arange(float(n_steps * n_features)).reshape(n_steps, n_features)


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
    with pytest.raises(ValueError, match=r"Sequence 0 must .* rows of equal length"):
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


FRAMES = [
    (pd.DataFrame({"v": [0.5], "when": pd.to_datetime(["2020-01-01"])}), "dates"),
    (pd.DataFrame({"v": [0.5], "when": pd.to_timedelta(["1h"])}), "durations"),
    (pd.DataFrame({"v": [0.5], "when": pd.period_range("2020", periods=1)}), "period"),
    (pd.DataFrame({"v": [0.5], "when": ["noon"]}), "the text 'noon'"),
    (pd.DataFrame({"v": [0.5], "when": pd.Categorical(["noon"])}), "the text 'noon'"),
    (pd.DataFrame({"v": [0.5], "when": [1j]}), "complex"),
    (pd.DataFrame({"v": [0.5], "when": [{}]}), r"got {} \(dict\)"),
    (pl.DataFrame({"v": [0.5], "when": ["noon"]}), "the text 'noon'"),
    (pl.DataFrame({"v": [0.5], "when": [datetime(2020, 1, 1)]}), "dates"),
    (pl.DataFrame({"v": [0.5], "when": [[1, 2]]}), "ndarray"),
]


@pytest.mark.parametrize(("frame", "got"), FRAMES)
def test_columns_without_numbers_are_errors_with_sequence_and_column(frame, got):
    fine = type(frame)({"v": [1.0], "when": [2.0]})
    with pytest.raises(TypeError, match=f"Sequence 1 must hold .*{got}.*column 'when'"):
        read_sequences([fine, frame])


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "dates"),
        (np.array([[1, "b"]], dtype=object), "the text 'b' in column 1"),
        (np.array([[1j]]), "complex"),
        (torch.ones(2, 1, requires_grad=True), r"detach\(\)"),
    ],
)
def test_arrays_without_real_numbers_are_errors_with_their_sequence(array, got):
    with pytest.raises(TypeError, match=f"Sequence 0 must hold .*{got}"):
        read_sequences([array])


def test_frames_of_polars_are_read_by_their_columns():
    frame = pl.DataFrame({"a": [1, None], "b": [True, False]})
    read = _sequence_arrays.read_sequences([frame])
    assert_array_equal(read.steps[0], [[1, 1], [NAN, 0]])
    assert read.table.columns == ["a", "b"]


def test_columns_belong_to_the_table_of_all_steps():
    frames = [pd.DataFrame(steps(n, 2), columns=["a", "b"]) for n in (1, 2)]
    read = _sequence_arrays.read_sequences([steps(1, 2), *frames])
    assert read.table.columns.tolist() == ["a", "b"]
    assert read.table.to_numpy().tolist() == [[0, 1], [0, 1], [0, 1], [2, 3]]
    assert isinstance(_sequence_arrays.read_sequences([steps(2)]).table, np.ndarray)


def test_columns_are_times_along_the_last_axis():
    frames = [pd.DataFrame(steps(2, n)) for n in (3, 4)]
    read = _sequence_arrays.read_sequences(frames, axis=2)
    assert [part.shape for part in read.steps] == [(3, 2), (4, 2)]
    assert read.frame is None


@pytest.mark.parametrize(
    "nothing", [None, "file.csv", {"a": [[1.0]]}, {1}, 3, iter([]), object()]
)
def test_objects_without_rows_are_refused(nothing):
    with pytest.raises(TypeError, match=r"X must be an array, .*, got "):
        read_sequences(nothing)


def waves(n_sequences, n_channels, n_steps):
    """Return sines of other phases, (n_sequences, n_channels, n_steps)."""
    phases = np.arange(n_sequences * n_channels).reshape(n_sequences, n_channels, 1)
    return np.sin(np.arange(n_steps) / 3 + phases)


def warned(X):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _sequence_arrays.warn_of_channels_first(_sequence_arrays.read_sequences(X))
    return any("axis=2" in str(warning.message) for warning in caught)


def test_arrays_that_look_channels_first_are_a_warning():
    assert warned(np.random.default_rng(0).normal(size=(10, 1, 30)))
    assert warned(waves(5, 3, 40))
    assert warned([*waves(2, 2, 30), *waves(2, 2, 30)])


def test_other_arrays_are_no_warning():
    embeddings = np.random.default_rng(0).normal(size=(10, 5, 300))
    assert not warned(embeddings)
    assert not warned(embeddings * np.arange(300) + 5)
    assert not warned(np.swapaxes(waves(5, 3, 40), 1, 2))
    assert not warned(waves(5, 12, 40))
    assert not warned([[[7.0]], [[8.0]]])
    assert not warned([[[7.0, 8.0]], [[8.0, 9.0], [9.0, 9.0]]])
    assert not warned([pd.DataFrame(wave) for wave in waves(5, 3, 40)])
    assert not warned(np.ones((5, 2, 40)))
