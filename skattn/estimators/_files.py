"""Fitted estimators in files without pickle: a zip of plain arrays and JSON.

The file is what :func:`numpy.savez` writes, with one more array that holds JSON as
bytes. Nothing in it is executed when it is read: records are made of the classes listed
here, and of no others.
"""

import json
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import scipy.sparse as sp
import torch

from skattn._training import (
    MaskedReconstruction,
    Supervised,
    net_from_state,
    net_state,
    resolve_device,
)
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._label_encoding import Classes, Indicators, Numbers
from skattn.graph import CONTEXTS, Graph
from skattn.graph._schema import GraphSchema
from skattn.nn import BlockSpec, NetworkSpec

VERSION = 1


def save_estimator(estimator, learned, path):
    """Write a fitted estimator; an old file stays until the new one is complete."""
    params = estimator.get_params(deep=False)
    if "pretrained" in params:  # is part of the weights by now
        params["pretrained"] = None
    state = {
        "params": params,
        "net": net_state(learned["net_"]),
        "learned": {k: v for k, v in learned.items() if k != "net_"},
    }
    arrays: list[np.ndarray] = []
    head = {
        "skattn": VERSION,
        "estimator": type(estimator).__name__,
        "state": _pack(state, arrays, "estimator"),
    }
    text = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    named: dict[str, Any] = {str(k): array for k, array in enumerate(arrays)}
    named["head"] = text
    path = Path(path)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("xb") as file:
            np.savez(file, **named)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def load_estimator(cls, path, *, device=None):
    """Read an estimator of class ``cls``."""
    if device is not None:
        resolve_device(device, strict=False)
    with _damage_named(path):
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays["head"].tobytes())
        version, name = head["skattn"], head["estimator"]
    if version != VERSION or name != cls.__name__:
        raise ValueError(
            f"{str(path)!r} must hold a {cls.__name__} in version {VERSION}, got a "
            f"{name} in version {version}."
        )
    with _damage_named(path):
        state = _unpack(head["state"], arrays)
    estimator = cls(**state["params"])
    if device is not None:
        estimator.set_params(device=device)
    vars(estimator).update(state["learned"], net_=net_from_state(**state["net"]))
    return estimator


@contextmanager
def _damage_named(path):
    try:
        yield
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(
            f"{str(path)!r} must be a file that save() of an estimator wrote; it is "
            "damaged or something else. A pickle opens with joblib.load."
        ) from error


def _pack(value, arrays, where):
    """Turn a value into JSON; arrays go to a list and leave their number."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype != object:
        return {"array": _place(value, arrays)}
    if isinstance(value, dict):
        return {
            "dict": [
                [_pack(k, arrays, where), _pack(v, arrays, k)] for k, v in value.items()
            ]
        }
    for kind, (types, take_apart, _) in PARTS.items():
        if isinstance(value, types):
            return {kind: [_pack(v, arrays, where) for v in take_apart(value)]}
    raise TypeError(
        f"{where!r} must be made of numbers, text, arrays and graphs to be saved "
        f"without pickle, got {type(value).__name__}. Set it to something plain, or "
        "use joblib.dump."
    )


def _place(value, arrays):
    """Find an array's number; a graph may be a parameter and learned as well."""
    for k, array in enumerate(arrays):
        if array is value:
            return k
    arrays.append(value)
    return len(arrays) - 1


def _unpack(value, arrays):
    """Turn JSON back into a value."""
    if not isinstance(value, dict):
        return value
    ((kind, parts),) = value.items()
    if kind == "array":
        return arrays[str(parts)]
    if kind == "dict":
        return {_unpack(k, arrays): _unpack(v, arrays) for k, v in parts}
    _, _, make = PARTS[kind]
    return make(*(_unpack(part, arrays) for part in parts))


def _csr_parts(matrix):
    rows = sp.csr_array(matrix)
    return rows.data, rows.indices, rows.indptr, rows.shape


def _graph_parts(graph):
    """Take a graph apart; without X, which no rows that join by name use."""
    labels, name = None, None
    if graph.nodes is not None:
        labels, name = graph.nodes.to_numpy(), graph.nodes.name
    return graph.adjacency, graph.edge_features, labels, name


def _make_graph(adjacency, edge_features, labels, name):
    if labels is not None:
        import pandas as pd  # only labelled graphs need it

        labels = pd.Index(labels, name=name, tupleize_cols=False)
    return Graph(adjacency, edge_features=edge_features, nodes=labels)


def _record_parts(record):
    return [getattr(record, f.name) for f in fields(record)]


def _record_maker(cls):
    names = [f.name for f in fields(cls)]
    return lambda *parts: cls(**dict(zip(names, parts, strict=True)))


PARTS: dict[str, tuple[Any, Callable, Callable]] = {
    "list": (list, list, lambda *parts: list(parts)),
    "tuple": (tuple, tuple, lambda *parts: parts),
    "objects": (
        np.ndarray,
        list,
        lambda *parts: np.array(parts, dtype=object),
    ),
    "csr": (
        (sp.sparray, sp.spmatrix),
        _csr_parts,
        lambda data, indices, indptr, shape: sp.csr_array(
            (data, indices, indptr), shape
        ),
    ),
    "graph": (Graph, _graph_parts, _make_graph),
    "encoder": (
        EncoderConfig,
        lambda recipe: [recipe.get_params()],
        lambda params: EncoderConfig(**params),
    ),
    "device": (torch.device, lambda device: [str(device)], torch.device),
    "tensor": (torch.Tensor, lambda tensor: [tensor.cpu().numpy()], torch.from_numpy),
}
"""How values are taken apart into plain ones, and made again."""

RECORDS = (
    BlockSpec,
    Classes,
    Indicators,
    MaskedReconstruction,
    GraphSchema,
    Supervised,
    InputSpec,
    NetworkSpec,
    Numbers,
    *CONTEXTS,
)
PARTS |= {cls.__name__: (cls, _record_parts, _record_maker(cls)) for cls in RECORDS}
