"""Conversion of X to the context of a fit and to the batches of a prediction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skattn._compat_sklearn import _check_feature_names
from skattn._training import BatchSource, agreed_seed, resolve_device
from skattn.estimators._defaults import patch_options
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._parameters import check_context, check_parameters
from skattn.estimators._setting import Setting
from skattn.graph import Graph
from skattn.graph._categories import coded, learn_categories, n_columns
from skattn.graph._collection import GraphCollection
from skattn.graph._context import Context, Place, View
from skattn.graph._descriptor_scaling import DescriptorScaling
from skattn.graph._feature_encoding import FeatureEncoding
from skattn.graph._field import ReceptiveField
from skattn.graph._frames import is_frame, named_table
from skattn.graph._numbers import numeric_errors
from skattn.graph._precision import as_float32, equal_values
from skattn.graph._resolve import resolve
from skattn.graph._schema import GraphSchema
from skattn.graph._sequence_arrays import read_sequences
from skattn.graph._sequence_context import checked_steps
from skattn.graph._standardization import (
    Standardization,
    column_means,
    training_edges,
    training_nodes,
)
from skattn.graph._table_context import TableContext
from skattn.nn._hops import as_hops


@dataclass(frozen=True, eq=False)
class FitInput:
    """Context, configuration and seed of a fit, from its checked parameters and X."""

    context: Context
    """Rows and their graph or graphs."""
    config: EncoderConfig
    """The encoder's configuration."""
    seed: int
    """Seed of all random numbers of the fit."""


@dataclass(frozen=True, eq=False)
class PreparedInput:
    """The input of a prediction or an explanation."""

    X: Any
    """As passed by the user."""
    view: Graph | GraphCollection
    """Graphs with checked features, not standardised; the targets are the rows of X."""
    context: Context
    """The context of the fit."""
    make_source: Callable[[View], BatchSource]
    """Function from the view to its batches, with standardised features."""
    nodes: NDArray[np.int64] | None = None
    """(n_nodes,) ascending positions of the view's nodes in the whole graph; None if
    the view is the whole."""

    @cached_property
    def source(self) -> BatchSource:
        """Batches of the view, with standardised features."""
        return self.make_source(self.view)

    @property
    def has_many_graphs(self) -> bool:
        """Whether the rows of X are whole graphs."""
        return self.context.has_many_graphs

    def placer(self) -> Place:
        """Return the function that reorders a matrix over nodes to the rows of X."""
        return self.context.placer(self.X, self.view)


def resolve_fit(attempt, X, adjacency, *, label_kind=None, encoding=None):
    """Check the parameters and X of a fit; set the learned attributes of the input.

    `label_kind` is the kind of the labels, None for the embedder; `encoding` the
    `FeatureEncoding` of an embedder, which is then used.
    """
    resolve_device(attempt.device, strict=True)
    config = check_parameters(attempt)
    attempt._input_spec_ = InputSpec(
        as_hops(config.hops),
        config.positional,
        config.positional_dim,
        config.feature_embedding,
    )
    attempt._feature_encoding_ = encoding
    generator = check_random_state(attempt.random_state)
    seed = agreed_seed(attempt, int(generator.randint(np.iinfo(np.int32).max)))
    pretrained = getattr(attempt, "pretrained", None) is not None
    context = resolve(
        X,
        adjacency=adjacency,
        graph=attempt.graph,
        n_neighbors=attempt.n_neighbors,
        neighbor_search=config.neighbor_search,
        patch_options=patch_options(
            config, Setting("sequences", label_kind, pretrained)
        ),
        check=partial(check_features, attempt, reset=True),
    )
    if isinstance(context, TableContext) and attempt._feature_encoding_ is not None:
        weights = attempt._feature_encoding_.column_weights(context.features)
        context = replace(context, column_weights=weights)
    check_context(attempt, config, context)
    attempt._context_ = context.fitted()
    return FitInput(context, config, seed)


def learn_input(attempt, view, pretrained=None):
    """Set the schema and the standardisation of features, from the training targets.

    `pretrained` is the `InputSpec` of an embedder, whose standardisation is then used.
    """
    attempt._schema_ = GraphSchema.of(view)
    graph = view if isinstance(view, Graph) else view.whole
    known, rows = pretrained or attempt._input_spec_, training_nodes(view)
    nodes, edges = known.feature_scaling, known.edge_scaling
    if pretrained is None and attempt.standardize is not False:
        everything = attempt.standardize is True
        nodes = _feature_scaling(graph.X, rows, sparse=everything)
        if graph.edge_features is not None:
            edges = Standardization.of(graph.edge_features, training_edges(view))
    descriptors = None
    if isinstance(view, GraphCollection):
        scaled = attempt.standardize is not False
        if scaled and attempt._context_.rows == "sequences":
            descriptors = DescriptorScaling.of_segments(view)
        else:
            descriptors = DescriptorScaling.of(view, standardize=scaled)
    attempt._input_spec_ = replace(
        attempt._input_spec_,
        feature_scaling=nodes,
        edge_scaling=edges,
        descriptor_scaling=descriptors,
        feature_mean=column_means(graph.X, rows),
        edge_types=attempt._schema_.edge_types,
        node_types=attempt._schema_.node_types,
    )


def scale_to_unit_norm(attempt, graph):
    """Scale all features of a graph by one number: rows then have norm 1 on average."""
    known = attempt._input_spec_
    scaling = known.feature_scaling or Standardization.identity(graph.X.shape[1])
    scaling = scaling.to_unit_norm(graph.X)
    attempt._input_spec_ = replace(known, feature_scaling=scaling)


def _feature_scaling(X, nodes, *, sparse):
    """Return the standardisation of node features, None to leave them as they are."""
    if len(nodes) < 2 or (issparse(X) and not sparse):
        return None
    return Standardization.of(X, nodes)


def prepare(estimator, X, adjacency=None):
    """Prepare X for prediction or for attention weights.

    Raises
    ------
    ValueError
        If the input differs from that of ``fit`` in kind or in its features.
    NotFittedError
        If called before ``fit``.
    """
    check_is_fitted(estimator)
    check = partial(check_features, estimator, reset=False)
    view = estimator._context_.join(X, adjacency=adjacency, check=check)
    return _prepared(estimator, X, view)


def prepare_part(estimator, X, adjacency=None):
    """Prepare the part of X and of the fitted rows that its outputs depend on.

    Same arguments and errors as :func:`prepare`. The part has all edges that have a
    part in an output, whichever of them are removed.
    """
    check_is_fitted(estimator)
    extent = estimator._input_spec_.extent(estimator.net_.objective)
    if extent is None or adjacency is not None:
        return prepare(estimator, X, adjacency)
    check = partial(check_features, estimator, reset=False)
    part = estimator._context_.part(X, extent, check)
    return _prepared(estimator, X, part.view, part.nodes)


def _prepared(estimator, X, view, nodes=None):
    """Return the prepared input of a view, of the schema of fit."""
    estimator._schema_.check(view)
    make_source = partial(_source, estimator)
    return PreparedInput(X, view, estimator._context_, make_source, nodes)


def prepare_targets(estimator, X, adjacency=None):
    """Convert X to the batches of a prediction: the receptive field of its targets.

    Same arguments and outputs as :func:`prepare`. The batches hold the whole graph if
    the field is large or the outputs of the network depend on all nodes.
    """
    check_is_fitted(estimator)
    extent = estimator._input_spec_.extent(estimator.net_.objective)
    if extent is None or adjacency is not None:
        return prepare(estimator, X, adjacency).source
    check = partial(check_features, estimator, reset=False)
    field = estimator._context_.field(X, extent, check)
    if not isinstance(field, ReceptiveField):
        estimator._schema_.check(field)
        return _source(estimator, field)
    estimator._schema_.check(field.graph)
    device = resolve_device(estimator.device, strict=False)
    return estimator._input_spec_.field_source(field, device)


def steps_of(estimator, X):
    """Return the checked steps of each sequence of X, (n_steps, n_features)."""
    check = partial(check_features, estimator, reset=False)
    return checked_steps(read_sequences(X), check)


def _source(estimator, view):
    """Return the batches of a whole view."""
    (source,) = estimator._input_spec_.sources(
        [(view, None)],
        batch_size=estimator.batch_size,
        device=resolve_device(estimator.device, strict=False),
    )
    return source


def check_features(
    estimator: Any, features: Any, *, reset: bool, keep_precision: bool = False
) -> Any:
    """Validate and encode a feature matrix; None for a graph without features.

    The result is float32; with `keep_precision` float64 where float32 would round.
    """
    if features is not None:
        return _encoded(estimator, features, reset, keep_precision)
    if reset:
        estimator.n_features_in_ = 0
        estimator._feature_encoding_ = None
    elif estimator.n_features_in_:
        raise ValueError(
            f"X has 0 features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input. Pass a graph with features."
        )
    return None


def _encoded(
    estimator: Any,
    features: Any,
    reset: bool,  # noqa: FBT001
    keep_precision: bool,  # noqa: FBT001
) -> Any:
    """Return finite features, with categories and missing values encoded."""
    encoding, categories = _known_encoding(estimator, features, reset=reset)
    learns = reset and encoding is None
    table = coded(features, categories)
    if table is not features:
        table = named_table(table, features if is_frame(features) else None)
    may_lack = not issparse(table) and (learns or encoding is not None)
    # float32 may overflow to infinity, which is refused
    with numeric_errors(table, "X"), np.errstate(over="ignore", invalid="ignore"):
        checked = validate_data(
            estimator,
            table,
            accept_sparse="csr",
            dtype=[np.float64, np.float32] if keep_precision else np.float32,
            order="C" if keep_precision else None,
            copy=keep_precision and reset,  # an index must not change with X
            reset=reset,
            ensure_all_finite="allow-nan" if may_lack else True,
            ensure_min_samples=1,
        )
        if not issparse(checked) and learns:
            encoding = FeatureEncoding.of(checked, categories)
        if not issparse(checked) and encoding is not None:
            checked = encoding.apply(checked)
        if reset:
            estimator._feature_encoding_ = encoding
        return _narrowed(checked) if keep_precision else checked


def _known_encoding(estimator: Any, features: Any, *, reset: bool) -> Any:
    """Return the encoding of a fit or of an embedder, and the categories."""
    encoding: FeatureEncoding | None = getattr(estimator, "_feature_encoding_", None)
    if not reset and is_frame(features):
        with numeric_errors(features, "X"):
            _check_feature_names(estimator, features, reset=False)  # before it is read
    if encoding is not None and (
        not reset or encoding.n_features == n_columns(features)
    ):
        return encoding, encoding.categories
    if not reset:
        return None, ()
    return None, learn_categories(features, estimator.categorical_features)


def _narrowed(X: Any) -> Any:
    """Return float32 where no value is rounded; raise ValueError beyond its range."""
    narrow = as_float32(X)
    assert_all_finite(narrow, input_name="X")
    return narrow if equal_values(narrow, X) else X
