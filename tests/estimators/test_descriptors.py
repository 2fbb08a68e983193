"""Descriptors of graphs join the readout, standardised from the training graphs."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline

from skattn import (
    AttentionEmbedder,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.graph._collection import GraphCollection
from skattn.inspection import explain
from skattn.preprocessing import DescriptorTransformer

PATH = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])


def graphs_of(rows, names=None):
    """Paths of random features, one per row of descriptors."""
    rng = np.random.default_rng(0)
    rows = [
        row if names is None else dict(zip(names, row, strict=True)) for row in rows
    ]
    return [Graph(PATH, rng.normal(size=(3, 2)), descriptors=row) for row in rows]


@pytest.fixture
def rows():
    return np.random.default_rng(1).normal(size=(80, 2))


def regressor(**params):
    return GraphAttentionRegressor(
        **{"hidden_dim": 8, "batch_size": 16, "random_state": 0, "max_epochs": 60}
        | params
    )


def quick(**params):
    return regressor(max_epochs=3, **params)


@pytest.mark.parametrize("readout", ["attention", "sum"])
def test_labels_that_depend_on_a_descriptor_alone_are_learned(rows, readout):
    graphs, y = graphs_of(rows), 3 * rows[:, 1] - 7
    model = regressor(readout=readout, learning_rate=0.02).fit(graphs[:60], y[:60])
    assert model.score(graphs[60:], y[60:]) > 0.98
    without = [graph.with_descriptors(None) for graph in graphs]
    assert regressor().fit(without[:60], y[:60]).score(without[60:], y[60:]) < 0.2


def test_classes_that_depend_on_a_descriptor_alone_are_learned(rows):
    y = np.where(rows[:, 0] > 0, "warm", "cold")
    clf = GraphAttentionClassifier(
        hidden_dim=8, batch_size=16, random_state=0, max_epochs=60
    )
    graphs = graphs_of(rows)
    assert clf.fit(graphs[:60], y[:60]).score(graphs[60:], y[60:]) >= 0.9


@pytest.mark.parametrize(("unit", "offset"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 273.15)])
def test_unit_and_offset_of_descriptors_change_nothing(rows, unit, offset):
    y, other = rows[:, 0], graphs_of(unit * rows + offset)
    expected = quick().fit(graphs_of(rows), y).predict(graphs_of(rows))
    assert_allclose(quick().fit(other, y).predict(other), expected, atol=1e-4)


def test_a_constant_descriptor_changes_no_prediction_later(rows):
    rows[:, 1] = 5.0
    model = quick().fit(graphs_of(rows), rows[:, 0])
    changed = rows * [1, -1e9]
    assert_array_equal(
        model.predict(graphs_of(changed)), model.predict(graphs_of(rows))
    )


def test_descriptors_of_held_out_graphs_do_not_scale(rows):
    rows[40:] += 100
    folds = [(np.arange(40), np.arange(40, 80))]
    ours = cross_val_predict(
        quick(), graphs_of(rows), rows[:, 0], cv=[*folds, folds[0][::-1]]
    )
    alone = quick().fit(graphs_of(rows)[:40], rows[:40, 0])
    assert alone._input_spec_.descriptor_scaling.mean == pytest.approx(
        rows[:40].mean(0)
    )
    assert_allclose(ours[40:], alone.predict(graphs_of(rows)[40:]), rtol=1e-5)
    stopped = quick(early_stopping=0.5).fit(graphs_of(rows), rows[:, 0])
    scaled = stopped._input_spec_.descriptor_scaling.mean
    assert scaled != pytest.approx(rows.mean(0))


def test_predictions_are_independent_of_batch_and_order_of_names(rows):
    names, graphs = ["a", "b"], graphs_of(rows, ["a", "b"])
    model = quick().fit(graphs, rows[:, 0])
    together = model.predict(graphs)
    assert_allclose(model.predict(graphs[7:8]), together[7:8], rtol=1e-5)
    swapped = graphs_of(rows[:, ::-1], names[::-1])
    assert_allclose(model.predict(swapped), together, rtol=1e-5)
    assert_allclose(model.predict(graphs_of(rows)), together, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: g.with_descriptors(None), "graph 0 and .* 2 descriptors.*got 0"),
        (lambda g: g.with_descriptors([1.0]), "graph 0 and .* 2 descriptors.*got 1"),
        (
            lambda g: g.with_descriptors({"a": 1, "c": 2}),
            r"graph 0 and all .*\('a', 'b'\), got others \('a', 'c'\)",
        ),
        (
            lambda g: g.with_descriptors({"a": 1, "b": np.inf}),
            r"finite or missing \(NaN\), got inf as descriptor 'b' of graph 0",
        ),
    ],
)
def test_other_descriptors_at_prediction_are_an_error(rows, change, message):
    graphs = graphs_of(rows, ["a", "b"])
    model = quick().fit(graphs, rows[:, 0])
    with pytest.raises(ValueError, match=message):
        model.predict([change(graph) for graph in graphs[:2]])
    with pytest.raises(ValueError, match=message):
        model.fit(graphs, rows[:, 0], X_val=[change(graphs[0])] * 2, y_val=[1.0, 2.0])


def test_one_other_graph_of_a_list_is_named(rows):
    graphs = graphs_of(rows, ["a", "b"])
    model = quick().fit(graphs, rows[:, 0])
    graphs[5] = graphs[5].with_descriptors(None)
    with pytest.raises(
        ValueError, match="graph 5 has no descriptors where graph 0 has"
    ):
        model.predict(graphs)
    graphs[5] = graphs[5].with_descriptors({"a": np.inf, "b": 0})
    with pytest.raises(ValueError, match="got inf as descriptor 'a' of graph 5"):
        quick().fit(graphs, rows[:, 0])


def test_a_model_without_descriptors_refuses_them_at_prediction(rows):
    graphs = graphs_of(rows)
    plain = [graph.with_descriptors(None) for graph in graphs]
    with pytest.raises(ValueError, match="must have 0 descriptors"):
        quick().fit(plain, rows[:, 0]).predict(graphs)


def test_a_graph_whose_nodes_are_predicted_must_have_no_descriptors():
    graph = Graph(PATH, np.eye(3), nodes=["a", "b", "c"], descriptors=[1.0])
    message = r"whole graph.*columns of X.*with_descriptors\(None\).*\[graph"
    with pytest.raises(ValueError, match=message):
        quick(batch_size="auto").fit(graph, np.arange(3.0))
    model = quick(batch_size="auto").fit(graph.with_descriptors(None), np.arange(3.0))
    with pytest.raises(ValueError, match=message):
        model.predict(graph[[1]])
    with pytest.raises(ValueError, match=message):
        model._prepare(graph)
    frame = pd.DataFrame(np.eye(3), index=["a", "b", "c"])
    with pytest.raises(ValueError, match=message):
        quick(graph=graph, batch_size="auto").fit(frame, np.arange(3.0))


def test_an_embedder_ignores_descriptors_and_pretrains_a_model_with_them(rows):
    graphs = graphs_of(rows)
    plain = [graph.with_descriptors(None) for graph in graphs]
    embedder = AttentionEmbedder(
        hidden_dim=8, n_components=8, max_epochs=2, random_state=0
    ).fit(graphs)
    expected = embedder.transform(plain)
    assert_array_equal(embedder.transform(graphs), expected)
    assert_array_equal(clone(embedder).fit(plain).transform(plain), expected)
    found = explain(embedder, graphs[:2], classes=0).scores
    assert_array_equal(found[0], explain(embedder, plain[:2], classes=0).scores[0])
    model = quick(pretrained=embedder).fit(graphs, rows[:, 0])
    assert np.isfinite(model.predict(graphs)).all()
    inputs = model._input_spec_
    assert inputs.feature_scaling == embedder._input_spec_.feature_scaling
    assert len(inputs.descriptor_scaling.mean) == 2


def test_files_keep_the_descriptors_of_the_model(rows, tmp_path):
    graphs = graphs_of(rows, ["a", "b"])
    model = quick().fit(graphs, rows[:, 0])
    model.save(tmp_path / "model")
    again = GraphAttentionRegressor.load(tmp_path / "model")
    assert again._input_spec_ == model._input_spec_
    assert_array_equal(again.predict(graphs), model.predict(graphs))
    assert again.input_summary_["n_descriptors"] == 2


def test_clones_and_searches_take_descriptors(rows):
    graphs, y = graphs_of(rows), rows[:, 0]
    grid = {"readout": ["mean", "max"]}
    search = GridSearchCV(clone(quick()), grid, cv=2, error_score="raise")
    assert np.isfinite(search.fit(graphs, y).predict(graphs)).all()


def test_missing_descriptors_are_imputed_in_a_pipeline(rows):
    rows[3, 0] = np.nan
    model = make_pipeline(DescriptorTransformer(SimpleImputer()), quick())
    assert np.isfinite(
        model.fit(graphs_of(rows), rows[:, 1]).predict(graphs_of(rows))
    ).all()


def test_missing_descriptors_are_the_mean_of_the_training_graphs(rows):
    rows[3, 0] = np.nan
    filled = rows.copy()
    filled[3, 0] = np.nanmean(rows[:, 0])
    model = quick().fit(graphs_of(rows), rows[:, 1])
    together = model.predict(graphs_of(filled))
    assert_allclose(model.predict(graphs_of(rows)), together, rtol=1e-5)


def test_descriptors_are_left_as_they_are_without_standardisation(rows):
    model = quick(standardize=False).fit(graphs_of(rows), rows[:, 0])
    table = GraphCollection.of(graphs_of(rows)).descriptors
    scaled = model._input_spec_.descriptor_scaling.apply(table)
    assert_allclose(scaled, rows, rtol=1e-6)
