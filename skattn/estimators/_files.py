"""Files of fitted estimators, without pickle, in the format of :meth:`Graph.save`."""

from dataclasses import fields

import torch

from skattn._training import (
    MaskedReconstruction,
    Supervised,
    net_from_state,
    net_state,
    resolve_device,
)
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._fit_record import FitRecord
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._label_encoding import Classes, Indicators, Numbers
from skattn.graph import Graph
from skattn.graph._packing import PLAIN, Part
from skattn.graph._record_file import MALFORMED, damaged, read_record, write_record
from skattn.graph._resolve import CONTEXTS
from skattn.graph._schema import GraphSchema
from skattn.graph._storage import graph_parts, stored_graph
from skattn.nn import BlockSpec, NetworkSpec

NEEDED = {"_context_", "_fit_record_", "_input_spec_", "_schema_"}
"""Learned attributes that every file holds."""


def save_estimator(estimator, learned, path):
    """Write a fitted estimator; an existing file is replaced by the complete one."""
    params = estimator.get_params(deep=False)
    if "pretrained" in params:  # its weights are in the net
        params["pretrained"] = None
    state = {
        "params": params,
        "net": net_state(learned["net_"]),
        "learned": {k: v for k, v in learned.items() if k != "net_"},
    }
    write_record(path, type(estimator).__name__, state, PARTS)


def load_estimator(cls, path, *, device=None):
    """Read an estimator of class ``cls``."""
    if device is not None:
        resolve_device(device, strict=False)
    state, _ = read_record(path, cls.__name__, PARTS)
    try:
        estimator = cls(**state["params"])
        learned = state["learned"] | {"net_": net_from_state(**state["net"])}
        _check_names(learned, estimator)
    except (*MALFORMED, RuntimeError) as error:
        raise damaged(path, cls.__name__, error) from error
    if device is not None:
        estimator.set_params(device=device)
    vars(estimator).update(learned)
    return estimator


def _check_names(learned, estimator):
    """Raise ValueError unless the names are learned attributes of the estimator."""
    unknown = learned.keys() - estimator._learned_attributes
    missing = NEEDED - learned.keys()
    if unknown or missing:
        raise ValueError(
            f"it has unknown attributes {sorted(unknown)} and lacks {sorted(missing)}"
        )


def _graph_parts(graph):
    """Decompose a graph without its features, which the rows of X replace."""
    return graph_parts(graph.base.with_features(None), objects=True)


def _record_parts(record):
    return [getattr(record, f.name) for f in fields(record)]


def _record_maker(cls):
    names = [f.name for f in fields(cls)]
    return lambda *parts: cls(**dict(zip(names, parts, strict=True)))


RECORDS = (
    BlockSpec,
    Classes,
    FitRecord,
    GraphSchema,
    Indicators,
    InputSpec,
    MaskedReconstruction,
    NetworkSpec,
    Numbers,
    Supervised,
    *CONTEXTS,
)
PARTS = PLAIN | {
    "graph": Part(
        Graph, _graph_parts, lambda *parts: Graph._trusted(*stored_graph(*parts)[:4])
    ),
    "encoder": Part(
        EncoderConfig,
        lambda config: [config.get_params()],
        lambda params: EncoderConfig(**params),
    ),
    "device": Part(torch.device, lambda device: [str(device)], torch.device),
    "tensor": Part(
        torch.Tensor, lambda tensor: [tensor.cpu().numpy()], torch.from_numpy
    ),
    **{cls.__name__: Part(cls, _record_parts, _record_maker(cls)) for cls in RECORDS},
}
"""Decomposition of each class in a fitted estimator, and its inverse."""
