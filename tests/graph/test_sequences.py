import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph import _sequences, sequence_graphs

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
    (graph,) = sequence_graphs([[[7.0]]], connect=connect, window=2, position=None)
    assert graph.adjacency.toarray().tolist() == [[1]]
    assert_array_equal(graph.X, [[7]])


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_precision(dtype):
    (graph,) = sequence_graphs([steps(2).astype(dtype)])
    assert graph.X.dtype == dtype


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"connect": "all"}, "connect must be one of .*'chain'.*got 'all'"),
        ({"connect": "window"}, "connect='window' needs window="),
        ({"connect": "window", "window": 0}, "window must be at least 1, got 0"),
        ({"position": "learned"}, r"position must be one of \('sinusoidal', None\)"),
        ({"axis": 0}, r"axis must be 1 .* or 2 .* got 0"),
    ],
)
def test_unknown_choices_are_errors(parameters, message):
    with pytest.raises(ValueError, match=message):
        sequence_graphs([steps(2)], **parameters)


def test_a_window_that_is_no_whole_number_is_an_error():
    with pytest.raises(TypeError, match=r"window must be a whole number, got 1\.5"):
        sequence_graphs([steps(2)], connect="causal", window=1.5)


def test_a_complete_graph_that_cannot_fit_is_a_memory_error(monkeypatch):
    monkeypatch.setattr(_sequences, "available_memory", lambda: 5_000)
    long = [steps(16), steps(16), steps(2)]  # 260 edges of two lengths
    with pytest.raises(MemoryError, match=r"16 steps.*SequenceGraph\(connect='window'"):
        sequence_graphs(long)
    with pytest.raises(MemoryError, match="largest graph: 100000 steps or patches"):
        sequence_graphs([np.zeros((100_000, 1))])
    assert len(sequence_graphs([steps(15), steps(15)])) == 2  # 225 edges
    assert len(sequence_graphs(long, connect="window", window=3)) == 3


def test_memory_that_is_not_known_refuses_nothing(monkeypatch):
    monkeypatch.setattr(_sequences, "available_memory", lambda: None)
    assert len(sequence_graphs([steps(16)])) == 1


@pytest.mark.parametrize("parameters", [{}, {"connect": "chain"}])
@pytest.mark.parametrize("connect", ["causal", "window"])
def test_edges_are_counted_before_they_are_made(connect, parameters):
    parameters = {"connect": connect, "window": 3} | parameters
    (graph,) = sequence_graphs([steps(7)], **parameters)
    span = _sequences._attention_span(**parameters)
    assert _sequences._n_edges(7, *span) == graph.n_edges


def test_frames_with_columns_in_another_order_are_an_error():
    frames = [pd.DataFrame([[1.0, 2.0]], columns=list(names)) for names in ("ab", "ba")]
    with pytest.raises(ValueError, match="the same columns in the same order"):
        sequence_graphs(frames)


def test_time_in_the_last_axis_is_a_warning_of_the_caller():
    X = np.arange(20.0).reshape(2, 1, 10)
    with pytest.warns(UserWarning, match="axis=2") as caught:
        sequence_graphs(X)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sequence_graphs(X, axis=2)
