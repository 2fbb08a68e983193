import json
import tracemalloc
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from skattn import (
    AttentionEmbedder,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.estimators._file_checks import LEARNED, OPTIONAL, check_record, has_type
from skattn.estimators._files import PARTS
from skattn.graph import Graph
from skattn.graph._array_file import read_arrays, write_arrays
from skattn.graph._descriptor_scaling import DescriptorScaling
from skattn.graph._fitted_nodes import FittedNodes
from skattn.graph._packing import Arrays, pack
from skattn.graph._standardization import Standardization
from skattn.nn import BlockSpec


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, int, True),
        (True, int, False),
        (1, bool, False),
        (1, float, True),
        (True, float, False),
        ("1", float, False),
        (None, int | None, True),
        ("a", int | None, False),
        ("gat", Literal["gat", "dot"], True),
        (1, Literal[True], False),
        ((1, 2), tuple[int, ...], True),
        ([1, 2], tuple[int, ...], False),
        ([1.5, "a"], list[float], False),
        ({"a": 1}, dict[str, int], True),
        ({1: 1}, dict[str, int], False),
        (np.zeros(2, np.int64), NDArray[np.int64], True),
        (np.zeros(2, np.int32), NDArray[np.int64], False),
        ([0], np.ndarray, False),
    ],
)
def test_types_of_values(value, hint, expected):
    assert has_type(value, hint) is expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_heads": 2.0},
        {"n_heads": -1},
        {"n_heads": 1 << 64},
        {"dropout": float("nan")},
        {"dropout": "0.5"},
        {"residual": 1},
        {"score": "cosine"},
        {"hops": [1, 2]},
        {"hops": (1, -2)},
    ],
)
def test_fields_of_another_type_or_range_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be"):
        check_record(BlockSpec(**wrong))


def test_types_of_all_learned_attributes_are_known():
    for cls in (GraphAttentionClassifier, GraphAttentionRegressor, AttentionEmbedder):
        assert cls._learned_attributes - {"net_"} <= LEARNED.keys()
    assert LEARNED.keys() >= OPTIONAL


# ---- forged files ----------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model"


def forge(path, estimator, change):
    """Save an estimator with another state: parameters, net and learned attributes."""
    estimator.save(path)
    learned = {k: v for k, v in vars(estimator).items() if k in LEARNED}
    net = estimator.net_
    state = {
        "params": estimator.get_params(deep=False),
        "net": {
            "objective": net.objective,
            "n_features": net.n_features,
            "weights": dict(net.module_.state_dict()),
            "history": list(net.history),
        },
        "learned": learned,
    }
    change(state)
    head, _ = read_arrays(path, mmap=False)
    arrays = Arrays()
    packed = pack(state, PARTS, arrays, "state")
    write_arrays(path, head | {"state": packed}, arrays)


def refused(path, estimator, change):
    """Message of the exception for a forged file."""
    forge(path, estimator, lambda state: None)
    type(estimator).load(path)
    forge(path, estimator, change)
    with pytest.raises(ValueError, match=r"save wrote; it is damaged") as caught:
        type(estimator).load(path)
    return str(caught.value)


@pytest.mark.parametrize("wrong", [None, -1, "x", ["a"], 0.5, np.zeros(2)])
@pytest.mark.parametrize("name", [*LEARNED])
def test_learned_attributes_of_another_type_are_refused(
    small, table, path, name, wrong
):
    X, y = table
    clf = small().fit(pd.DataFrame(X, columns=list("abc")), y)
    if name == "validation_curve_" and wrong is None:
        wrong = [None] * 3
    if name == "_feature_encoding_" and wrong is None:
        wrong = ()  # None: features as they are
    message = refused(path, clf, lambda state: state["learned"].update({name: wrong}))
    assert name in message


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("n_iter_", 2),
        ("loss_curve_", [0.5]),
        ("validation_curve_", [0.5]),
        ("feature_names_in_", np.array(["a", "b"], object)),
        ("feature_names_in_", np.array(["a", "b", 3], object)),
        ("n_features_in_", 2),
        ("n_features_in_", 10**9),
    ],
)
def test_learned_attributes_that_do_not_fit_are_refused(
    small, table, path, name, wrong
):
    X, y = table
    clf = small().fit(pd.DataFrame(X, columns=list("abc")), y)
    refused(path, clf, lambda state: state["learned"].update({name: wrong}))


def test_missing_and_unknown_attributes_are_refused(small, graph, y, path):
    clf = small().fit(graph, y)
    for name in LEARNED.keys() - OPTIONAL:
        message = refused(
            path, clf, lambda state, name=name: state["learned"].pop(name)
        )
        assert f"lacks ['{name}']" in message
    message = refused(path, clf, lambda state: state["learned"].update(other_=1))
    assert "unknown attributes ['other_']" in message


def with_fields(state, part, name, **wrong):
    state[part][name] = replace(state[part][name], **wrong)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("_context_", {"n_neighbors": 0}),
        ("_context_", {"n_neighbors": 2.0}),
        ("_context_", {"features": np.zeros((4, 2), np.float32)}),
        ("_context_", {"features": np.zeros((0, 3), np.float32)}),
        ("_context_", {"features": np.full((4, 3), np.nan, np.float32)}),
        ("_context_", {"features": np.zeros((4, 3), np.int64)}),
        ("_context_", {"column_weights": np.ones(2)}),
        ("_context_", {"column_weights": np.zeros(3)}),
        ("_feature_encoding_", {"categories": (("a", "b"), None, None)}),
        ("_feature_encoding_", {"has_missing": (True, False, False)}),
        ("_feature_encoding_", {"mean": ("a", 0.0, 0.0)}),
        ("_fit_record_", {"n_nodes": "many"}),
        ("_input_spec_", {"hops": (10**9,)}),
        ("_input_spec_", {"positional": "degree", "positional_dim": 10**9}),
        ("_input_spec_", {"feature_embedding": "periodic"}),
        ("_input_spec_", {"feature_scaling": Standardization((0.0,), (1.0,))}),
        ("_input_spec_", {"edge_scaling": Standardization((0.0,), (1.0,))}),
        ("_label_encoding_", {"classes": np.arange(3)}),
        ("_label_encoding_", {"classes": np.zeros((2, 10**9, 0))}),
        ("_schema_", {"n_features": 4}),
        ("_schema_", {"n_edge_features": 1}),
        ("_schema_", {"n_descriptors": 1}),
        ("_input_spec_", {"descriptor_scaling": DescriptorScaling(None, (0,), (1,))}),
    ],
)
def test_records_that_do_not_fit_are_refused(small, table, path, name, wrong):
    clf = small().fit(*table)
    refused(path, clf, lambda state: with_fields(state, "learned", name, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"row_nodes": np.array([0, 1, 40])},
        {"row_nodes": np.array([-1, 1, 2])},
        {"row_nodes": np.array([0, 2, 1])},
        {"row_nodes": np.array([0.0, 1, 2])},
        {"row_nodes": np.array([0, 1])},
    ],
)
def test_rows_of_other_nodes_are_refused(small, table, adjacency, path, wrong):
    X, _ = table
    labels = pd.Index(range(40), name="key")
    frame = pd.DataFrame(X[:3], columns=list("abc"), index=labels[:3])
    clf = small(graph=Graph(adjacency, nodes=labels)).fit(frame, [0, 1, 1])
    refused(
        path, clf, lambda state: with_fields(state, "learned", "_context_", **wrong)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoded": np.zeros(40)},
        {"encoded": np.full(40, 2)},
        {"encoded": np.full(40, -1)},
        {"encoded": np.zeros(39, np.int64)},
        {"encoded": [0] * 40},
        {"known": np.ones(39, bool)},
        {"known": np.ones(40)},
        {"n_outputs": 3},
        {"n_outputs": 10**9},
        {"nodes": np.arange(40)},
        {"nodes": FittedNodes(np.arange(40), None, "abc")},
        {"nodes": FittedNodes(np.arange(1, 41), None, None)},
        {"nodes": FittedNodes(np.arange(40)[::-1], None, None)},
        {"nodes": FittedNodes(np.arange(39), None, None)},
    ],
)
def test_known_labels_that_do_not_fit_are_refused(small, table, path, wrong):
    clf = small(label_inputs=True).fit(*table)

    def change(state):
        known = replace(state["learned"]["_input_spec_"].label_inputs, **wrong)
        with_fields(state, "learned", "_input_spec_", label_inputs=known)

    refused(path, clf, change)


def test_known_labels_that_the_network_does_not_use_are_refused(small, table, path):
    clf = small(label_inputs=True).fit(*table)
    refused(
        path,
        clf,
        lambda state: with_fields(state, "learned", "_input_spec_", label_inputs=None),
    )


def change_spec(block=None, **wrong):
    def change(state):
        objective = state["net"]["objective"]
        n_outputs = wrong.get("n_outputs", objective.n_outputs)
        spec = {name: value for name, value in wrong.items() if name != "n_outputs"}
        spec["block"] = replace(objective.spec.block, **block or {})
        spec = replace(objective.spec, **spec)
        state["net"]["objective"] = replace(objective, spec=spec, n_outputs=n_outputs)

    return change


@pytest.mark.parametrize(
    "change",
    [
        change_spec(n_layers=10**7),
        change_spec(n_layers=26),
        change_spec(n_outputs=10**8),
        change_spec(hidden_dim=10**12),
        change_spec(hidden_dim=1 << 62),
        change_spec({"n_heads": 10**9}),
        change_spec({"n_heads": 0}),
        change_spec({"hops": tuple(range(1, 200))}),
        change_spec({"feed_forward": 10**9}),
        change_spec({"n_edge_features": 10**9}),
        change_spec(output="attention", output_heads=10**9),
        change_spec(n_feature_layers=10**9),
        change_spec(smoothing=101),
        change_spec(smoothing=1 << 62),
    ],
)
def test_a_network_that_the_file_cannot_hold_is_refused_without_memory(
    small, graph, y, path, change
):
    clf = small().fit(graph, y)
    refused(path, clf, change)
    tracemalloc.start()
    with pytest.raises(ValueError, match="damaged"):
        GraphAttentionClassifier.load(path)
    assert tracemalloc.get_traced_memory()[1] < 10 * path.stat().st_size + (1 << 20)
    tracemalloc.stop()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(small, graph, y, path, wrong):
    clf = small().fit(graph, y)

    def change(state):
        weight = state["net"]["weights"]["head.linear.bias"].clone()
        weight[0] = wrong
        state["net"]["weights"]["head.linear.bias"] = weight

    assert "head.linear.bias holds NaN" in refused(path, clf, change)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("history", [1, 2, 3]),
        ("history", []),
        ("n_features", "three"),
        ("n_features", -3),
        ("weights", []),
        ("objective", None),
    ],
)
def test_a_net_of_other_types_is_refused(small, graph, y, path, name, wrong):
    clf = small().fit(graph, y)
    refused(path, clf, lambda state: state["net"].update({name: wrong}))


def test_weights_of_integers_are_refused(small, graph, y, path):
    clf = small().fit(graph, y)

    def change(state):
        weights = state["net"]["weights"]
        weights["head.linear.bias"] = weights["head.linear.bias"].to(torch.int64)

    refused(path, clf, change)


@pytest.mark.parametrize(
    "wrong", [{"n_layers": -1}, {"batch_size": "x"}, {"graph": 1}, {"other": 1}]
)
def test_invalid_parameters_are_refused(small, graph, y, path, wrong):
    clf = small().fit(graph, y)
    refused(path, clf, lambda state: state["params"].update(wrong))


def test_a_parameter_that_was_set_to_an_invalid_value_is_not_saved(
    small, graph, y, path
):
    clf = small().fit(graph, y).set_params(n_layers=-1)
    with pytest.raises(ValueError, match="'n_layers' parameter"):
        clf.save(path)
    assert not path.exists()


def test_the_labels_of_a_regressor_have_a_positive_scale(small, graph, table, path):
    reg = small(GraphAttentionRegressor).fit(graph, table[0])
    for scale in ([1.0, 0, 1], [1.0, -1, 1], [1.0, np.nan, 1], [1.0, 1]):
        wrong = {"scale": np.array(scale)}
        refused(
            path,
            reg,
            lambda state, wrong=wrong: with_fields(
                state, "learned", "_label_encoding_", **wrong
            ),
        )


def test_an_unknown_device_is_refused(small, graph, y, path):
    small(device=torch.device("cpu")).fit(graph, y).save(path)
    head, arrays = read_arrays(path, mmap=False)
    text = json.dumps(head).replace('{"device": ["cpu"]}', '{"device": ["nonsense"]}')
    write_arrays(path, json.loads(text), arrays)
    with pytest.raises(ValueError, match="it is damaged"):
        GraphAttentionClassifier.load(path)


def test_a_saved_model_keeps_the_permissions_of_the_file_it_replaces(
    small, graph, y, tmp_path
):
    path = tmp_path / ("x" * 255)
    clf = small().fit(graph, y)
    clf.save(path)
    path.chmod(0o600)
    (tmp_path / "link").symlink_to(path)
    clf.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
