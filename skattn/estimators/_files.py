"""Files of fitted estimators, without pickle, in the format of :meth:`Graph.save`."""

from dataclasses import fields

import torch

from skattn._training import (
    MaskedReconstruction,
    Supervised,
    SupervisedPairs,
    default_modes,
    named_device,
    net_from_state,
    net_state,
)
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._file_checks import (
    NET,
    check_learned,
    check_params,
    check_record,
    check_types,
)
from skattn.estimators._fit_record import FitRecord
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._label_encoding import Classes, Indicators, Numbers
from skattn.estimators._label_inputs import LabelInputs
from skattn.graph import Graph
from skattn.graph._descriptor_scaling import DescriptorScaling
from skattn.graph._feature_encoding import FeatureEncoding
from skattn.graph._fitted_nodes import FittedNodes
from skattn.graph._link_context import LinkContext
from skattn.graph._node_names import NodeNames
from skattn.graph._packing import PLAIN, Part
from skattn.graph._patches import Patching, PatchOptions
from skattn.graph._record_file import MALFORMED, damaged, read_record, write_record
from skattn.graph._resolve import CONTEXTS
from skattn.graph._schema import GraphSchema
from skattn.graph._standardization import Standardization
from skattn.graph._storage import (
    check_edges,
    check_finite,
    graph_parts,
    stored_graph,
)
from skattn.nn import BlockSpec, NetworkSpec


def save_estimator(estimator, learned, path):
    """Write a fitted estimator; an existing file is replaced by the complete one.

    Raises ValueError if a parameter was set to an invalid value after the fit.
    """
    check_params(estimator)
    params = estimator.get_params(deep=False)
    if "pretrained" in params:  # its weights are in the net
        params["pretrained"] = None
    state = {
        "params": params,
        "net": net_state(learned["net_"]),
        "learned": {k: v for k, v in learned.items() if k != "net_"},
    }
    write_record(path, type(estimator).__name__, state, PARTS)


@default_modes()
def load_estimator(cls, path, *, device=None):
    """Read an estimator of class ``cls``."""
    if device is not None:
        named_device(device)
    state, _ = read_record(path, cls.__name__, PARTS)
    try:
        estimator = cls(**state["params"])
        check_params(estimator)
        check_types(state["net"], NET)
        check_learned(state["learned"], state["net"], estimator)
        learned = state["learned"] | {"net_": net_from_state(**state["net"])}
    except MALFORMED as error:
        raise damaged(path, cls.__name__, error) from error
    if device is not None:
        estimator.set_params(device=device)
    vars(estimator).update(learned)
    return estimator


def _graph_parts(graph):
    """Decompose a graph without its features, which the rows of X replace."""
    return graph_parts(graph.base.with_features(None), objects=True)


def _make_graph(*parts):
    """Make a graph of checked parts."""
    stored = stored_graph(*parts)
    check_edges(stored)
    check_finite(stored.edge_features)
    return Graph._trusted(*stored[:4], descriptors=stored.descriptors)


def _record_parts(record):
    return [getattr(record, f.name) for f in fields(record)]


def _record_maker(cls):
    names = [f.name for f in fields(cls)]
    return lambda *parts: check_record(cls(**dict(zip(names, parts, strict=True))))


RECORDS = (
    BlockSpec,
    Classes,
    DescriptorScaling,
    FeatureEncoding,
    FitRecord,
    GraphSchema,
    Indicators,
    InputSpec,
    LabelInputs,
    MaskedReconstruction,
    NetworkSpec,
    Numbers,
    PatchOptions,
    Patching,
    Standardization,
    SupervisedPairs,  # before its base class
    Supervised,
    LinkContext,
    NodeNames,
    *CONTEXTS,
)
PARTS = PLAIN | {
    "graph": Part(Graph, _graph_parts, _make_graph),
    "encoder": Part(
        EncoderConfig,
        lambda config: [config.get_params()],
        lambda params: EncoderConfig(**params),
    ),
    "nodes": Part(FittedNodes, FittedNodes.parts, FittedNodes.of_parts),
    "device": Part(torch.device, lambda device: [str(device)], torch.device),
    "tensor": Part(
        torch.Tensor, lambda tensor: [tensor.cpu().numpy()], torch.from_numpy
    ),
    **{cls.__name__: Part(cls, _record_parts, _record_maker(cls)) for cls in RECORDS},
}
"""Decomposition of each class in a fitted estimator, and its inverse."""
