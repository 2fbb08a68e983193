"""From X to the context of a fit, and to the batches of a prediction."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skattn._training import FullGraph, GraphBatches, resolve_device
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._parameters import check_context, check_parameters
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._context import Context, Positions, RowKind
from skattn.graph._resolve import resolve
from skattn.nn._hops import as_hops


@dataclass(frozen=True, eq=False)
class FitInput:
    """The checked parameters and X of a fit."""

    context: Context
    """The rows and the graph or graphs behind them."""
    recipe: EncoderConfig
    """The encoder's configuration."""
    seed: int
    """Seed of everything random in the fit."""


@dataclass(frozen=True, eq=False)
class PreparedInput:
    """The input of a prediction or an explanation."""

    view: Graph | GraphCollection
    """Graphs with checked features; the targets are the rows of X."""
    source: FullGraph | GraphBatches
    """The batches that the network is evaluated on."""
    rows: RowKind
    """Kind of the rows of X."""
    positions: Positions | None
    """Positions of the view's nodes in the user's graph; None if nodes are equal."""


def resolve_fit(attempt, X, adjacency):
    """Check the parameters and X of a fit.

    Parameters
    ----------
    attempt : GraphAttentionEstimator
        Receives the learned attributes of the input: ``n_features_in_``,
        ``feature_names_in_``, ``_input_spec_`` and ``_context_``.
    X : object
        As for ``fit``.
    adjacency : object
        As for ``fit``.

    Returns
    -------
    FitInput
        The context, the encoder's configuration and a seed.
    """
    resolve_device(attempt.device, strict=True)
    recipe = check_parameters(attempt)
    attempt._input_spec_ = InputSpec(
        as_hops(recipe.hops),
        recipe.positional,
        recipe.positional_dim,
        recipe.feature_embedding,
    )
    generator = check_random_state(attempt.random_state)
    seed = int(generator.randint(np.iinfo(np.int32).max))
    context = resolve(
        X,
        adjacency=adjacency,
        graph=attempt.graph,
        n_neighbors=attempt.n_neighbors,
        check=partial(check_features, attempt, reset=True),
    )
    check_context(attempt, recipe, context)
    attempt._context_ = context.fitted()
    return FitInput(context, recipe, seed)


def join_rows(estimator, context, schema, X, adjacency=None):
    """Return the view of new rows: graph and targets, with a checked schema.

    Parameters
    ----------
    estimator : GraphAttentionEstimator
        With the features of a fit.
    context : Context
        The context of that fit.
    schema : GraphSchema
        The edge features of that fit.
    X : object
        Of the same kind as at ``fit``.
    adjacency : object
        As for ``predict``.

    Returns
    -------
    Graph or GraphCollection
        A view with one target per row.
    """
    check = partial(check_features, estimator, reset=False)
    view = context.join(X, adjacency=adjacency, check=check)
    schema.check(view)
    return view


def prepare(estimator, X, adjacency=None):
    """Prepare the input of a fitted estimator, for prediction and inspection alike.

    Parameters
    ----------
    estimator : GraphAttentionEstimator
        A fitted estimator.
    X : object
        As for ``predict``.
    adjacency : object
        As for ``predict``.

    Returns
    -------
    PreparedInput
        The view and its batches, on the estimator's device.

    Raises
    ------
    ValueError
        If the input is of another kind or width than at ``fit``.
    NotFittedError
        If called before ``fit``.
    """
    check_is_fitted(estimator)
    context = estimator._context_
    view = join_rows(estimator, context, estimator._schema_, X, adjacency)
    (source,) = estimator._input_spec_.sources(
        [(view, None)],
        batch_size=estimator.batch_size,
        device=resolve_device(estimator.device, strict=False),
    )
    return PreparedInput(view, source, context.rows, context.positions(X))


def check_features(estimator: Any, features: Any, *, reset: bool) -> Any:
    """Validate a feature matrix, None for a graph without features."""
    if features is not None:
        return validate_data(
            estimator,
            features,
            accept_sparse="csr",
            dtype=np.float32,
            reset=reset,
            ensure_min_samples=1,
        )
    if reset:
        estimator.n_features_in_ = 0
    elif estimator.n_features_in_:
        raise ValueError(
            f"X has 0 features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input: give the graph features."
        )
    return None
