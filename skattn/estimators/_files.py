"""Files of fitted estimators, without pickle, in the format of :meth:`Graph.save`."""

from skattn._training import MaskedReconstruction, Supervised, SupervisedPairs
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._file_checks import (
    NET,
    check_learned,
    check_params,
    check_types,
)
from skattn.estimators._fit_record import FitRecord
from skattn.estimators._fitted_file import (
    TORCH_PARTS,
    read_fitted,
    record_part,
    write_fitted,
)
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
    write_fitted(estimator, params, learned, path, PARTS)


def load_estimator(cls, path, *, device=None):
    """Read an estimator of class ``cls``."""
    return read_fitted(cls, path, device, PARTS, _check)


def _check(estimator, state):
    check_params(estimator)
    check_types(state["net"], NET)
    check_learned(state["learned"], state["net"], estimator)


def _graph_parts(graph):
    """Decompose a graph without its features, which the rows of X replace."""
    return graph_parts(graph.base.with_features(None), objects=True)


def _make_graph(*parts):
    """Make a graph of checked parts."""
    stored = stored_graph(*parts)
    check_edges(stored)
    check_finite(stored.edge_features)
    others = {"descriptors": stored.descriptors, "types": stored.types}
    return Graph._trusted(*stored[:4], **others)


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
    **TORCH_PARTS,
    **{cls.__name__: record_part(cls) for cls in RECORDS},
}
"""Decomposition of each class in a fitted estimator, and its inverse."""
