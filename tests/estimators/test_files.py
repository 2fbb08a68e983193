"""Model files without pickle."""

import json
import os
import pickle
import stat
import zipfile

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import EarlyStopping

from skattn import (
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.graph._array_file import read_arrays, write_arrays


def reopened(estimator, path, **given):
    estimator.save(path)
    return type(estimator).load(path, **given)


def assert_same(loaded, saved, X, **given):
    np.testing.assert_array_equal(
        loaded.predict(X, **given), saved.predict(X, **given), strict=True
    )
    if hasattr(saved, "predict_proba"):
        np.testing.assert_array_equal(
            loaded.predict_proba(X, **given), saved.predict_proba(X, **given)
        )
        np.testing.assert_array_equal(loaded.classes_, saved.classes_, strict=True)
    for name in ("n_iter_", "loss_curve_", "validation_curve_", "n_features_in_"):
        assert getattr(loaded, name) == getattr(saved, name)
    assert {k for k in vars(loaded) if k.endswith("_")} == {
        k for k in vars(saved) if k.endswith("_")
    }


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skattn"


# ---- kinds of input ----------------------------------------------------------


@pytest.mark.parametrize("sparse", [False, True])
def test_a_fit_on_a_table(small, table, path, sparse):
    X, y = table
    X = sp.csr_array(np.where(X > 0, X, 0)) if sparse else X
    clf = small().fit(X, y)
    assert_same(reopened(clf, path), clf, X)


def test_a_fit_on_a_table_and_its_adjacency(small, table, adjacency, path):
    X, y = table
    clf = small(attention="gat").fit(X, y, adjacency=adjacency)
    assert_same(reopened(clf, path), clf, X, adjacency=adjacency)


def test_a_fit_on_a_graph(small, graph, y, path):
    clf = small(attention="dot", early_stopping=0.3).fit(graph, y)
    assert_same(reopened(clf, path), clf, graph)


def test_a_fit_on_a_graph_with_edge_features(small, table, path):
    X, y = table
    edges = [(i, (i * 7 + 1) % 40) for i in range(40)]
    graph = Graph.from_edges(edges, X, edge_features=np.ones((40, 2)))
    clf = small(norm="batch").fit(graph, y)
    assert_same(reopened(clf, path), clf, graph)


def test_a_fit_on_a_graph_without_features(small, adjacency, y, path):
    clf = small().fit(Graph(adjacency), y)
    assert_same(reopened(clf, path), clf, Graph(adjacency))


@pytest.mark.parametrize(
    "labels",
    [
        pd.Index(100 + np.arange(40), name="customer"),
        pd.Index([f"n{i}" for i in range(40)]),
        pd.Index([f"n{i}" for i in range(40)], dtype=object, name="node"),
        pd.date_range("2026-01-01", periods=40, name="day"),
    ],
    ids=["numbers", "words", "objects", "days"],
)
@pytest.mark.parametrize("columns", [["a", "b"], []])
def test_a_fit_on_rows_that_join_by_name(
    small, table, adjacency, path, labels, columns
):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abc"), index=labels)[columns]
    graph = Graph(adjacency, nodes=labels)
    clf = small(graph=graph).fit(frame[:30], y[:30])
    assert_same(reopened(clf, path), clf, frame[20:])


# ---- kinds of labels and parameters ------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        lambda y: np.array(["no", "yes"])[y],
        lambda y: np.array(["no", "yes"], dtype=object)[y],
        lambda y: y.astype(bool),
        lambda y: y.astype(np.int8),
        lambda y: np.stack([y, 1 - y], axis=1),
    ],
    ids=["words", "objects", "bool", "int8", "labels"],
)
def test_classes_keep_their_kind(small, graph, y, path, answers):
    clf = small().fit(graph, answers(y))
    assert_same(reopened(clf, path), clf, graph)


@pytest.mark.parametrize("columns", [slice(0, 1), slice(0, 2), 0])
def test_numbers(small, graph, table, path, columns):
    reg = small(GraphAttentionRegressor).fit(graph, 100 * table[0][:, columns])
    assert_same(reopened(reg, path), reg, graph)


def test_parameters_come_back(small, graph, y, path):
    params = {
        "encoder": EncoderConfig(output="attention", feed_forward=2, input_dropout=0.1),
        "class_weight": {0: 1.0, 1: 2.0},
        "unlabeled": float("nan"),
        "net_params": {"optimizer__betas": (0.8, 0.9)},
        "device": torch.device("cpu"),
        "n_heads": np.int64(2),
        "dropout": np.float32(0.5),
    }
    clf = small(**params).fit(graph, y.astype(float))
    loaded = reopened(clf, path)
    assert_same(loaded, clf, graph)
    assert repr(loaded.get_params()) == repr(clf.get_params()).replace(
        "np.int64(2)", "2"
    ).replace("np.float32(0.5)", "0.5").replace(repr(clf.encoder), repr(loaded.encoder))
    loaded.fit(graph, y.astype(float))
    assert loaded.loss_curve_ == clf.loss_curve_


def test_feature_names_come_back(small, table, path):
    X, y = table
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    loaded = reopened(small().fit(frame, y), path)
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.predict(frame[["c", "b", "a"]])
    np.testing.assert_array_equal(loaded.feature_names_in_, ["a", "b", "c"])


def test_a_loaded_estimator_can_be_saved_again(small, graph, y, path):
    clf = small().fit(graph, y)
    again = reopened(reopened(clf, path), path)
    assert_same(again, clf, graph)


# ---- devices -----------------------------------------------------------------


def test_load_can_set_the_device(small, graph, y, path):
    loaded = reopened(small().fit(graph, y), path, device="cpu")
    assert loaded.device == "cpu"


def test_load_refuses_an_unknown_device_name(small, graph, y, path):
    small().fit(graph, y).save(path)
    with pytest.raises(ValueError, match=r"device must be.*got .gpu"):
        GraphAttentionClassifier.load(path, device="gpu")
    with pytest.warns(UserWarning, match="cuda:97.*The CPU is used"):
        GraphAttentionClassifier.load(path, device="cuda:97")


def test_a_model_of_an_unavailable_device_can_be_loaded(small, graph, y, path):
    clf = small().fit(graph, y)
    expected = clf.predict_proba(graph)
    clf.device = "cuda:97"
    loaded = reopened(clf, path)
    with pytest.warns(UserWarning, match="cuda:97.*The CPU is used"):
        got = loaded.predict_proba(graph)
    np.testing.assert_array_equal(got, expected)


# ---- complete files without code ---------------------------------------------


def test_a_file_holds_arrays_and_json_alone(small, graph, y, path):
    small().fit(graph, y).save(path)
    head, arrays = read_arrays(path, mmap=False)
    assert head["owner"] == "GraphAttentionClassifier"
    assert all(array.dtype != object for array in arrays)


def test_arrays_that_are_met_twice_are_written_once(small, path):
    names = pd.Index(range(1000), name="node")
    graph = Graph(np.tri(1000), nodes=names)
    frame = pd.DataFrame({"a": np.arange(10.0)}, index=names[:10])
    small(graph=graph).fit(frame, np.arange(10) % 2).save(path)  # and its context
    assert path.stat().st_size < 1.1 * 8 * graph.n_edges


def test_a_file_has_default_permissions(small, graph, y, tmp_path):
    (tmp_path / "other").touch()
    small().fit(graph, y).save(tmp_path / "model")
    rights = [stat.S_IMODE(os.stat(p).st_mode) for p in tmp_path.iterdir()]
    assert rights[0] == rights[1]


def test_save_before_fit_is_an_error(small, path):
    with pytest.raises(NotFittedError):
        small().save(path)
    assert not path.exists()


def test_a_parameter_without_a_plain_form_is_named(small, graph, y, path):
    clf = small(net_params={"callbacks": [EarlyStopping("train_loss")]})
    clf.fit(graph, y)
    with pytest.raises(TypeError, match=r"'callbacks' must be.*EarlyStopping.*joblib"):
        clf.save(path)
    assert not path.exists()


def test_an_unsavable_estimator_leaves_the_old_file(small, graph, y, path):
    clf = small().fit(graph, y)
    clf.save(path)
    before = path.read_bytes()
    clf.random_state = np.random.RandomState(0)
    with pytest.raises(TypeError, match=r"random_state.*RandomState"):
        clf.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt])
def test_an_interrupted_write_leaves_the_old_file(
    small, graph, y, path, monkeypatch, error
):
    clf = small().fit(graph, y)
    clf.save(path)
    before = path.read_bytes()

    def stop(_fd):
        raise error

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(type(error) if isinstance(error, OSError) else error):
        clf.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_is_missing(path):
    with pytest.raises(FileNotFoundError):
        GraphAttentionClassifier.load(path)


@pytest.mark.parametrize("left", [0, 3, 0.5, 0.99])
def test_a_cut_file_is_damaged(small, graph, y, path, left):
    small().fit(graph, y).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: left if isinstance(left, int) else int(left * len(whole))])
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)


def test_a_changed_byte_is_noticed(small, graph, y, path):
    clf = small().fit(graph, y)
    clf.save(path)
    weight = max(clf.net_.module_.parameters(), key=torch.numel)
    bits = bytearray(path.read_bytes())
    bits[bits.index(weight.detach().numpy().tobytes()) + 10] ^= 255
    path.write_bytes(bits)
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)


def test_a_part_that_is_missing_is_noticed(small, graph, y, path):
    small().fit(graph, y).save(path)
    head, arrays = read_arrays(path, mmap=False)
    write_arrays(path, head, arrays[:-1])
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)


@pytest.mark.parametrize(
    "state",
    [
        {"os.system": ["true"]},
        {"dict": [["params", {"dict": []}]]},
        {"dict": [[{"list": []}, 1]]},
        {"array": -1000},
        {"csr": [{"array": 0}]},
        [1, 2],
        None,
    ],
)
def test_a_changed_header_is_noticed(small, graph, y, path, state):
    small().fit(graph, y).save(path)
    head, arrays = read_arrays(path, mmap=False)
    write_arrays(path, head | {"state": state}, arrays)
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)


def test_a_file_without_some_weights_is_noticed(small, graph, y, path):
    small().fit(graph, y).save(path)
    head, arrays = read_arrays(path, mmap=False)
    text = json.dumps(head).replace("encoder.", "other.")
    write_arrays(path, json.loads(text), arrays)
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)


def test_other_files_are_not_models(small, graph, y, path):
    for content in (b"hello", pickle.dumps(small().fit(graph, y))):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"damaged or something else.*joblib"):
            GraphAttentionClassifier.load(path)
    with path.open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "hello")
    with pytest.raises(ValueError, match="damaged or something else"):
        GraphAttentionClassifier.load(path)


def test_another_estimators_file_is_refused(small, graph, y, path):
    small().fit(graph, y).save(path)
    with pytest.raises(
        ValueError,
        match=r"must be a file that GraphAttentionRegressor\.save.*GraphAttentionC",
    ):
        GraphAttentionRegressor.load(path)


def test_a_graphs_file_is_no_model_and_a_models_file_is_no_graph(small, graph, y, path):
    graph.save(path)
    with pytest.raises(ValueError, match=r"Classifier\.save.*Open it with Graph\.load"):
        GraphAttentionClassifier.load(path)
    small().fit(graph, y).save(path)
    for mmap in (True, False):
        with pytest.raises(ValueError, match=r"Open it with GraphAttentionClassifier"):
            Graph.load(path, mmap=mmap)


def test_a_model_of_another_version_is_refused(small, graph, y, path, monkeypatch):
    clf = small().fit(graph, y)
    monkeypatch.setattr("skattn.graph._record_file.VERSION", 2)
    clf.save(path)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"version 1 of the format, got version 2"):
        GraphAttentionClassifier.load(path)


def test_labels_of_mixed_kinds_come_back(small, adjacency, table, path):
    labels = pd.Index([*range(39), "last"], dtype=object, name=("a", 1))
    X, y = table
    frame = pd.DataFrame(X, index=labels)
    frame.columns = ["a", "b", "c"]
    clf = small(graph=Graph(adjacency, nodes=labels)).fit(frame, y)
    loaded = reopened(clf, path)
    assert_same(loaded, clf, frame)
    pd.testing.assert_index_equal(loaded.graph.nodes, labels)
