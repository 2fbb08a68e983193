"""Checks of the content of a model file, before an estimator is made of it."""

import math
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import torch
from sklearn.base import is_classifier

from skattn._training import MaskedReconstruction, Supervised, SupervisedPairs
from skattn.estimators._fit_record import FitRecord
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._label_encoding import Classes, Indicators, Numbers
from skattn.graph._context import Context
from skattn.graph._feature_encoding import FeatureEncoding
from skattn.graph._link_context import LinkContext
from skattn.graph._schema import GraphSchema

NET = {
    "objective": Supervised | MaskedReconstruction,
    "n_features": int,
    "weights": dict[str, torch.Tensor],
    "history": list[dict],
}
"""Types of the state of a net."""

LEARNED = {
    "n_features_in_": int,
    "feature_names_in_": np.ndarray,
    "n_iter_": int,
    "loss_curve_": list[float],
    "validation_curve_": list[float] | None,
    "_context_": Context | LinkContext,
    "_feature_encoding_": FeatureEncoding | None,
    "_fit_record_": FitRecord,
    "_input_spec_": InputSpec,
    "_label_encoding_": Classes | Indicators | Numbers,
    "_schema_": GraphSchema,
}
"""Types of learned attributes in files, except the net."""

OPTIONAL = {"feature_names_in_"}
"""Learned attributes that not every fit sets."""


def check_record(record):
    """Return a dataclass; raise ValueError unless its fields have annotated types.

    Integers must not be negative, and numbers must be finite.
    """
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    check_types(values, get_type_hints(type(record)))
    return record


def check_types(values, types):
    """Raise ValueError unless values have the types of their names."""
    for name, value in values.items():
        if not has_type(value, types[name]) or not _in_range(value):
            raise ValueError(
                f"{name} must be {_name_of(types[name])}, got {value!r:.80}"
            )


def check_attributes(learned, estimator, types):
    """Raise ValueError unless learned attributes are those of a class, and typed.

    `types` are the types of the attributes that the class of `estimator` declares.
    """
    declared = estimator._learned_attributes - {"net_"}
    unknown = learned.keys() - declared
    missing = declared - OPTIONAL - learned.keys()
    if unknown or missing:
        raise ValueError(
            f"it has unknown attributes {sorted(unknown)} and lacks {sorted(missing)}"
        )
    check_types(learned, types)


def has_type(value: Any, hint: Any) -> bool:
    """Return whether a value is of an annotated type, with its entries.

    True and False are no integers; integers are floats, too.
    """
    if hint is Any:
        return True
    if get_origin(hint) is not None:
        return _has_generic_type(value, get_origin(hint), get_args(hint))
    if hint in (int, bool, str):
        return type(value) is hint
    if hint is float:
        return type(value) in (int, float)
    return isinstance(value, NoneType if hint is None else hint)


def _has_generic_type(value, origin, args):
    """Return whether a value is of type ``origin[args]``."""
    if origin in (Union, UnionType):
        return any(has_type(value, arg) for arg in args)
    if origin is Literal:
        return any(value == arg and type(value) is type(arg) for arg in args)
    if origin is np.ndarray:
        (scalar,) = get_args(args[1])
        return isinstance(value, np.ndarray) and value.dtype == scalar
    if type(value) is not origin:
        return False
    if origin is dict:
        key, entry = args
        return all(has_type(k, key) and has_type(v, entry) for k, v in value.items())
    return all(has_type(entry, args[0]) for entry in value)  # tuple[X, ...], list[X]


def _name_of(hint):
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _in_range(value):
    """Return whether sizes are not negative, and numbers and arrays finite."""
    if isinstance(value, tuple):
        return all(map(_in_range, value))
    if type(value) is int:
        return 0 <= value <= np.iinfo(np.int64).max
    if type(value) is float:
        return math.isfinite(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        return bool(np.isfinite(value).all())
    return True


def check_learned(learned, net, estimator):
    """Raise ValueError unless learned attributes are complete, typed and consistent.

    Parameters
    ----------
    learned : dict
        Learned attributes by name, without the net.
    net : dict
        State of the net, of which no weight is read.
    estimator : GraphAttentionEstimator
        An estimator of the class that declares them.
    """
    check_attributes(learned, estimator, LEARNED)
    _check_history(learned, net["history"])
    _check_features(learned)
    _check_network(learned, net)
    learned["_context_"].check_fitted(learned["n_features_in_"], learned["_schema_"])
    if "_label_encoding_" in learned:
        _check_labels(learned["_label_encoding_"], net["objective"], estimator)
        _check_label_inputs(learned)
    elif not isinstance(net["objective"], MaskedReconstruction):
        raise ValueError("its network is that of another estimator")


def _check_history(learned, history):
    """Raise ValueError unless there is one loss per epoch."""
    curves = [history, learned["loss_curve_"]]
    if learned["validation_curve_"] is not None:
        curves.append(learned["validation_curve_"])
    if {len(curve) for curve in curves} != {learned["n_iter_"]}:
        raise ValueError("n_iter_ must be the number of losses of the training")


def _check_features(learned):
    """Raise ValueError unless there is one name and encoding per feature."""
    encoding = learned["_feature_encoding_"]
    if encoding is not None and encoding.n_features != learned["n_features_in_"]:
        raise ValueError("its encoding must be that of its features")
    own_columns = learned["_context_"].rows != "sequences"  # no positions
    if encoding is not None and own_columns:
        n_columns = learned["_schema_"].n_features
        if encoding.n_columns != n_columns:
            raise ValueError(f"its encoding must have {n_columns} columns")
    names = learned.get("feature_names_in_")
    if names is None:
        return
    named = names.shape == (learned["n_features_in_"],)
    if not named or not all(type(name) is str for name in names):
        raise ValueError("feature_names_in_ must be one text per feature")


def _check_network(learned, net):
    """Raise ValueError unless the network fits its input."""
    schema, inputs = learned["_schema_"], learned["_input_spec_"]
    spec = net["objective"].spec
    width = schema.n_features + (inputs.positional_dim if inputs.positional else 0)
    width += schema.n_node_types
    typed = spec.block.n_edge_types > 0
    same = [
        (net["n_features"], width),
        (spec.block.n_edge_features, schema.n_edge_features),
        (spec.block.n_edge_types, (schema.n_edge_types + 1) * typed),
        (inputs.edge_types, schema.edge_types),
        (inputs.node_types, schema.node_types),
        (spec.block.hops, inputs.hops),
        (spec.feature_embedding, inputs.feature_embedding),
        (spec.n_descriptors, schema.n_descriptors),
        (len(inputs.feature_mean), schema.n_features),
        (
            spec.n_label_columns,
            inputs.label_inputs.n_columns if inputs.label_inputs else 0,
        ),
        (
            len(inputs.descriptor_scaling.mean) if inputs.descriptor_scaling else 0,
            schema.n_descriptors,
        ),
    ]
    for ours, theirs in same:
        if ours != theirs:
            raise ValueError(f"its network takes {ours} and its input has {theirs}")
    _check_pairs(learned["_context_"], net["objective"])
    _check_scaling(inputs.feature_scaling, schema.n_features)
    _check_scaling(inputs.edge_scaling, schema.n_edge_features)


def _check_pairs(context, objective):
    """Raise ValueError unless a network of pairs fits the context of pairs."""
    of_pairs = isinstance(context, LinkContext)
    if of_pairs != isinstance(objective, SupervisedPairs):
        raise ValueError("its network is that of another estimator")
    if of_pairs:
        ours = objective.n_pair_features, objective.ordered
        if ours != (context.n_pair_features, context.directed):
            raise ValueError("its network does not take the features of its pairs")


def _check_scaling(scaling, n_columns):
    """Raise ValueError unless a standardisation has this number of columns."""
    if scaling is not None and len(scaling.mean) != n_columns:
        raise ValueError(f"its standardisation must have {n_columns} columns")


def _check_labels(encoding, objective, estimator):
    """Raise ValueError unless the network's outputs are labels of the estimator."""
    kind = "classes" if is_classifier(estimator) else "numbers"
    if not isinstance(objective, Supervised) or encoding.label_kind != kind:
        raise ValueError("its network is that of another estimator")
    arrays = [
        value
        for field in fields(encoding)
        if isinstance(value := getattr(encoding, field.name), np.ndarray)
    ]
    shapes = {array.shape for array in arrays}
    if encoding.criterion != objective.criterion or shapes != {(objective.n_outputs,)}:
        raise ValueError(f"its labels do not fit {objective.n_outputs} outputs")
    if isinstance(encoding, Numbers) and not (encoding.scale > 0).all():
        raise ValueError("the scale of its labels must be positive")


def _check_label_inputs(learned):
    """Raise ValueError unless known labels are of the encoding and of fitted nodes."""
    inputs, encoding = learned["_input_spec_"].label_inputs, learned["_label_encoding_"]
    if inputs is None:
        return
    is_class = isinstance(encoding, Classes)
    shape = (len(inputs.nodes), encoding.n_outputs)[: 1 if is_class else 2]
    kinds = inputs.encoded.dtype, inputs.known.dtype
    if kinds != (np.int64 if is_class else np.float32, bool):
        raise ValueError(f"it has known labels of {kinds[0]} and a mask of {kinds[1]}")
    shapes = {inputs.encoded.shape, inputs.known.shape}
    if shapes != {shape} or shape[0] == 0 or inputs.n_outputs != encoding.n_outputs:
        raise ValueError(f"it must have known labels of shape {shape}")
    classes = inputs.encoded if is_class else np.zeros(1)
    if classes.min() < 0 or classes.max() >= encoding.n_outputs:
        raise ValueError(f"it has known labels beyond {encoding.n_outputs} classes")
    context = learned["_context_"]
    is_table = context.rows == "table"
    last = int(inputs.nodes.positions[-1])
    if inputs.nodes.are_rows != is_table or (is_table and last >= context.n_rows):
        raise ValueError("it has known labels of nodes that are none of the fit")


def check_params(estimator):
    """Raise ValueError if a parameter of an estimator or its encoder is invalid."""
    estimator._validate_params()
    if estimator.encoder is not None:
        estimator.encoder._validate_params()
