import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from skattn import GraphAttentionClassifier
from skattn.graph import sequence_graphs
from skattn.preprocessing import SequenceGraph

SEQUENCES = [np.arange(8.0).reshape(4, 2), np.ones((3, 2)), np.zeros((1, 2))]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"connect": "chain", "position": None},
        {"connect": "window", "window": 2},
        {"connect": "causal"},
    ],
)
def test_the_step_equals_the_function(parameters):
    graphs = SequenceGraph(**parameters).fit_transform(SEQUENCES)
    expected = sequence_graphs(SEQUENCES, **parameters)
    for graph, other in zip(graphs, expected, strict=True):
        assert_array_equal(graph.X, other.X)
        assert_array_equal(graph.adjacency.toarray(), other.adjacency.toarray())


def test_axis_is_the_time_axis():
    X = np.arange(12.0).reshape(1, 2, 6)
    (graph,) = SequenceGraph(position=None, axis=2).fit_transform(X)
    assert_array_equal(graph.X, X[0].T)


def test_width_and_names_are_stored():
    step = SequenceGraph().fit(SEQUENCES)
    assert step.n_features_in_ == 2
    assert not hasattr(step, "feature_names_in_")
    frames = [pd.DataFrame(steps, columns=["speed", "turn"]) for steps in SEQUENCES]
    step.fit(frames)
    assert_array_equal(step.feature_names_in_, ["speed", "turn"])
    assert list(step.get_feature_names_out())[:3] == ["speed", "turn", "position_sin_0"]
    renamed = [frame.rename(columns={"turn": "tilt"}) for frame in frames]
    with pytest.raises(ValueError, match="feature names should match"):
        step.transform(renamed)


def test_names_out_are_as_many_as_columns():
    step = SequenceGraph()
    (graph, *_) = step.fit_transform(SEQUENCES)
    names = step.get_feature_names_out()
    assert len(names) == graph.n_features
    assert list(names[:4]) == ["x0", "x1", "position_sin_0", "position_cos_0"]
    assert names[-1] == "position_cos_3"
    step.set_params(position=None)
    assert list(step.get_feature_names_out(["a", "b"])) == ["a", "b"]


def test_another_width_is_an_error():
    step = SequenceGraph().fit(SEQUENCES)
    message = "X has 3 features, but SequenceGraph is expecting 2 features"
    with pytest.raises(ValueError, match=message):
        step.transform([np.ones((4, 3))])


def test_parameters_are_validated_by_fit():
    with pytest.raises(ValueError, match="'connect' parameter"):
        SequenceGraph(connect="all").fit(SEQUENCES)
    with pytest.raises(ValueError, match="'window' parameter"):
        SequenceGraph(connect="window", window=0).fit(SEQUENCES)
    with pytest.raises(ValueError, match="'axis' parameter"):
        SequenceGraph(axis=0).fit(SEQUENCES)
    with pytest.raises(ValueError, match="connect='window' needs window="):
        SequenceGraph(connect="window").fit(SEQUENCES)


def test_a_failed_fit_leaves_the_transformer_unchanged():
    step = SequenceGraph().fit(SEQUENCES)
    with pytest.raises(ValueError, match="not all NaN"):
        step.fit([np.full((2, 3), np.nan)])
    assert step.n_features_in_ == 2


def test_a_pipeline_learns_from_the_order_of_steps_if_positions_are_encoded():
    rising = np.arange(5.0)[:, None]
    X = [rising + s for s in range(10)] + [rising[::-1] + s for s in range(10)]
    y = np.repeat(["up", "down"], 10)

    def score(step, max_epochs):
        classifier = GraphAttentionClassifier(
            hidden_dim=16, max_epochs=max_epochs, early_stopping=False, random_state=0
        )
        return make_pipeline(step, classifier).fit(X, y).score(X, y)

    assert score(SequenceGraph("chain"), 150) >= 0.9
    assert score(SequenceGraph(position=None), 3) == 0.5


def test_columns_are_compared_with_those_of_fit_in_every_frame():
    frames = [pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})] * 2
    transformer = SequenceGraph().fit(frames)
    assert transformer.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        transformer.transform([frame[["b", "a"]] for frame in frames])
    with pytest.raises(ValueError, match="same columns in the same order"):
        transformer.transform([frames[0], frames[0][["b", "a"]]])


def test_dates_are_refused_with_sequence_and_column():
    frame = pd.DataFrame({"a": [1.0], "when": pd.to_datetime(["2020-01-01"])})
    with pytest.raises(TypeError, match=r"Sequence 0 must .* dates.* column 'when'"):
        SequenceGraph().fit([frame])


def test_time_in_the_last_axis_is_a_warning_at_fit_unless_axis_says_so():
    X = np.arange(40.0).reshape(2, 1, 20)
    with pytest.warns(UserWarning, match="axis=2"):
        transformer = SequenceGraph().fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        transformer.transform(X)
        SequenceGraph(axis=2).fit(X)
