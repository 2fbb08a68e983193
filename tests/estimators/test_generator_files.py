"""Files of fitted generators."""

import numpy as np
import pandas as pd
import pytest

from skattn import AttentionGraphGenerator, AttentionReasoner, Graph
from skattn.estimators._generator_files import _check, _make_table
from skattn.graph._label_table import LabelTable

A = np.array([[0, 1], [1, 0]])


def fit(X, y=None):
    graphs = [Graph(A, X, edge_features=np.ones((2, 1)))] * 2
    generator = AttentionGraphGenerator(
        max_epochs=1, hidden_dim=8, n_layers=1, n_heads=2, random_state=0
    )
    return generator.fit(graphs, y)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "generator.skattn"
    fit(pd.DataFrame({"element": [6, 8], "charge": [0.0, 1.0]}), ["a", "b"]).save(path)
    return path


def test_loaded_generator_has_columns_and_classes(path):
    loaded = AttentionGraphGenerator.load(path)
    assert loaded.classes_.tolist() == ["a", "b"]
    assert list(loaded.node_labels_.columns) == ["element", "charge"]
    made = loaded.sample(3, y="a", random_state=0)[0]
    assert made.X.dtypes.tolist() == [np.dtype("int64"), np.dtype("float64")]


@pytest.mark.parametrize("y", [None, [1.0, 3.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_conditions_are_kept(tmp_path, y):
    generator = fit(np.array([[6.0], [8.0]]), y)
    generator.save(tmp_path / "file")
    loaded = AttentionGraphGenerator.load(tmp_path / "file")
    graphs = generator.sample(4, random_state=0)
    assert np.array_equal(generator.score_samples(graphs), loaded.score_samples(graphs))


def test_labels_of_text_cannot_be_saved(tmp_path):
    with pytest.raises(TypeError, match="columns of plain numbers"):
        fit(pd.DataFrame({"element": ["C", "O"]})).save(tmp_path / "file")


def test_file_of_another_estimator_is_refused(path):
    with pytest.raises(ValueError, match=r"AttentionGraphGenerator.load"):
        AttentionReasoner.load(path)


def test_truncated_file_is_refused(path, tmp_path):
    damaged = tmp_path / "damaged.skattn"
    damaged.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="damaged or something else"):
        AttentionGraphGenerator.load(damaged)


def test_device_replaces_that_of_the_file(path):
    assert AttentionGraphGenerator.load(path, device="cpu").device == "cpu"


@pytest.mark.parametrize(
    "edges", [np.ones(2, np.float32), np.ones((2, 1)), np.full((1, 1), np.nan, "f4")]
)
def test_labels_of_edges_are_checked(edges):
    adjacency = Graph(np.zeros((1, 1))).adjacency
    with pytest.raises(ValueError, match="labels of edges"):
        _make_table((adjacency, None, None, None, None), edges)


def test_labels_must_be_those_of_the_network():
    generator = fit(np.array([[6.0], [8.0]]))
    learned = {
        name: value
        for name, value in vars(generator).items()
        if name in generator._learned_attributes - {"net_"}
    }
    net = generator.net_
    state = {
        "learned": learned,
        "net": {
            "objective": net.objective,
            "n_features": net.n_features,
            "weights": dict(net.module_.state_dict()),
            "history": [],
        },
    }
    _check(generator, state)
    other = LabelTable(np.ones((3, 1)), generator.edge_labels_)
    with pytest.raises(ValueError, match="takes 2 and its labels are 3"):
        _check(generator, state | {"learned": learned | {"_label_table_": other}})
    with pytest.raises(ValueError, match="no nodes"):
        _check(generator, state | {"learned": learned | {"max_nodes_": 0}})
