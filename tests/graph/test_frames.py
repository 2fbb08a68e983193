import numpy as np
import pandas as pd
import polars as pl
import pytest

from skattn import Graph, GraphAttentionClassifier
from skattn.graph._frames import column_names, named_table


def graphs(*frames):
    return [Graph(np.eye(len(frame)), frame) for frame in frames]


def test_frames_of_polars_are_stacked_by_rows():
    union = Graph.union(
        graphs(pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [0.5, None]}))
    )
    assert union.X.columns == ["a"]
    assert union.X["a"].to_list() == [1, 2, 0.5, None]


def test_dtypes_of_polars_without_a_common_one_are_an_error_with_the_column():
    frames = pl.DataFrame({"a": [1], "b": [1]}), pl.DataFrame({"a": [1], "b": ["x"]})
    message = "column 'b' is String in graph 1 and Int64 in graph 0"
    with pytest.raises(ValueError, match=message):
        Graph.union(graphs(*frames))


def test_arrays_without_a_common_dtype_are_an_error():
    arrays = np.ones((1, 1)), np.array([["2020"]], dtype="datetime64[Y]")
    with pytest.raises(TypeError, match=r"agree in the dtype.*'datetime64\[Y\]'"):
        Graph.union(graphs(*arrays))


def test_frames_of_two_libraries_are_an_error():
    frames = pd.DataFrame({"a": [1.0]}), pl.DataFrame({"a": [1.0]})
    message = "graph 1 has a DataFrame of polars of features where graph 0 has a Data"
    with pytest.raises(ValueError, match=message):
        Graph.union(graphs(*frames))


@pytest.mark.parametrize("library", [pd, pl])
def test_estimators_learn_the_columns_of_frames_in_lists(library):
    def frame(i, names):
        return library.DataFrame({name: [float(i), 1.0] for name in names})

    y = [0, 1, 0, 1]
    right = [frame(i, "ab") for i in y]
    wrong = [frame(i, "ba") for i in y]
    for make in (list, lambda frames: graphs(*frames)):
        clf = GraphAttentionClassifier(max_epochs=1, random_state=0)
        clf.fit(make(right), y)
        assert clf.feature_names_in_.tolist() == ["a", "b"]
        with pytest.raises(ValueError, match="feature names should match"):
            clf.predict(make(wrong))


def test_arrays_get_the_names_of_a_frame():
    named = named_table(np.eye(2), pl.DataFrame({"a": [1], "b": [2]}))
    assert isinstance(named, pl.DataFrame)
    assert column_names(named) == ["a", "b"]
    assert column_names(np.eye(2)) is None
    assert named_table(np.eye(2), None).tolist() == [[1, 0], [0, 1]]
