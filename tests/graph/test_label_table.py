import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skattn import Graph
from skattn.graph._label_table import LabelTable

PAIR = [[0, 1], [1, 0]]
PATH = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_labels_are_the_sorted_distinct_rows():
    graph = Graph(
        PATH, np.array([[7, 1], [6, 0], [7, 0]]), edge_features=[[2], [2], [1], [1]]
    )
    table = LabelTable.of(graph)
    assert table.node_rows.tolist() == [[6, 0], [7, 0], [7, 1]]
    assert table.edge_rows.tolist() == [[1], [2]]
    assert table.node_codes(graph.X).tolist() == [2, 0, 1]
    assert table.edge_codes(graph.edge_features).tolist() == [2, 2, 1, 1]
    assert table.node_features(np.array([1, 1])).dtype == graph.X.dtype
    assert table.edge_features(np.array([2, 1])).tolist() == [[2], [1]]


def test_graphs_without_features_have_one_label():
    table = LabelTable.of(Graph(PAIR))
    assert (table.n_node_labels, table.n_edge_labels) == (1, 1)
    assert table.node_features(np.array([0])) is None
    assert table.edge_features(np.array([1])) is None


def test_rows_that_are_none_of_the_labels_have_no_code():
    table = LabelTable.of(
        Graph(PAIR, np.array([[1.0], [2.0]]), edge_features=[[1], [1]])
    )
    assert table.node_codes(np.array([[2.0], [3.0]])).tolist() == [1, -1]
    assert table.edge_codes(np.array([[2.0], [1.0]])).tolist() == [0, 1]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_labels_of_a_frame_keep_columns_and_dtypes(frame):
    X = frame({"element": ["N", "C"], "charge": [1, 0]})
    table = LabelTable.of(Graph(PAIR, X))
    rows = table.node_features(np.array([0, 0, 1]))
    assert list(rows.columns) == ["element", "charge"]
    assert list(rows["element"]) == ["C", "C", "N"]
    assert list(rows.dtypes) == list(X.dtypes)
    assert table.node_codes(X).tolist() == [1, 0]


def test_labels_of_a_sparse_matrix_are_sparse():
    table = LabelTable.of(Graph(PAIR, sparse.csr_array([[0, 1], [1, 0]])))
    rows = table.node_features(np.array([1, 0]))
    assert sparse.issparse(rows)
    assert rows.toarray().tolist() == [[1, 0], [0, 1]]


def test_texts_and_numbers_in_a_column_are_labels():
    X = pd.DataFrame({"a": pd.Series(["x", 1], dtype=object)})
    assert LabelTable.of(Graph(PAIR, X)).n_node_labels == 2


def test_too_many_labels_are_refused_with_a_remedy():
    n = 129
    ring = np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0)
    with pytest.raises(ValueError, match=r"128, got 129.*with_features\(None\)"):
        LabelTable.of(Graph(ring, np.arange(n)[:, None]))
    with pytest.raises(ValueError, match=r"edge features.*32, got 258"):
        LabelTable.of(Graph(ring, edge_features=np.arange(2 * n)[:, None]))


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match="without missing values"):
        LabelTable.of(Graph(PAIR, np.array([[1.0], [np.nan]])))
