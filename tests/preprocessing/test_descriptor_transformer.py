import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skattn import Graph
from skattn.preprocessing import DescriptorTransformer

ROWS = [[1.0, 10.0], [np.nan, 30.0], [5.0, 20.0]]


def graphs(names=None, rows=ROWS):
    rows = [
        row if names is None else dict(zip(names, row, strict=True)) for row in rows
    ]
    return [Graph([[0]], [[k]], descriptors=row) for k, row in enumerate(rows)]


def table(graphs):
    return [graph.descriptors.tolist() for graph in graphs]


def test_descriptors_of_the_fitted_graphs_impute_those_of_others():
    imputer = DescriptorTransformer(SimpleImputer()).fit(graphs())
    assert table(imputer.transform(graphs()[1:])) == [[3, 30], [5, 20]]
    assert imputer.n_features_in_ == 2
    assert imputer.transform(graphs())[2].X == [[2]]


def test_named_descriptors_are_a_frame():
    log = FunctionTransformer(np.log10, feature_names_out="one-to-one")
    inner = make_column_transformer((log, ["b"]))
    transformer = DescriptorTransformer(inner).set_output(transform="pandas")
    (out, *_) = transformer.fit_transform(graphs("ab"))
    assert_allclose(out.descriptors, [1])
    assert transformer.feature_names_in_.tolist() == ["a", "b"]
    assert out.descriptor_names == tuple(transformer.get_feature_names_out())


def test_names_in_another_order_are_aligned():
    scaler = DescriptorTransformer(StandardScaler()).fit(graphs("ab"))
    swapped = graphs("ba", [row[::-1] for row in ROWS])
    assert_allclose(
        table(scaler.transform(swapped)), table(scaler.transform(graphs("ab")))
    )
    with pytest.raises(ValueError, match="feature names should match"):
        scaler.transform(graphs("ac"))


def test_sparse_results_become_dense_and_labels_are_those_of_graphs():
    rows = [[0.0, 1.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]]
    coded = DescriptorTransformer(OneHotEncoder()).fit_transform(graphs(rows=rows))
    assert table(coded)[0] == [1, 0, 0, 0, 0, 1]
    best = DescriptorTransformer(SelectKBest(k=1))
    kept = best.fit(graphs(rows=rows), [0, 0, 1, 1]).transform(graphs(rows=rows))
    assert table(kept) == [[0], [1], [2], [3]]
    with pytest.raises(ValueError, match=r"one entry per graph \(4\), got 2"):
        best.fit(graphs(rows=rows), [0, 1])


def test_other_input_is_an_error_with_the_remedy():
    scaler = DescriptorTransformer(StandardScaler())
    for other in (graphs()[0], pd.DataFrame(ROWS), []):
        with pytest.raises(
            TypeError, match="DescriptorTransformer needs X to be a list"
        ):
            scaler.fit(other)
    with pytest.raises(ValueError, match=r"graphs with descriptors.*with_descriptors"):
        scaler.fit([Graph([[0]])])


def test_a_transformer_that_loses_rows_is_an_error():
    loses = DescriptorTransformer(FunctionTransformer(lambda rows: rows[1:]))
    with pytest.raises(
        ValueError, match=r"one row per graph \(3\), got shape \(2, 2\)"
    ):
        loses.fit_transform(graphs())
