"""From X to the context of a fit, and to the batches of a prediction."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skattn._training import BatchSource, resolve_device
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._parameters import check_context, check_parameters
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._context import Context, Place
from skattn.graph._numbers import numeric_errors
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

    X: Any
    """As given."""
    view: Graph | GraphCollection
    """Its targets are the rows of X; features are checked."""
    source: BatchSource
    """The batches that the network is evaluated on."""
    context: Context
    """The context of the fit."""

    @property
    def has_many_graphs(self) -> bool:
        """Whether the rows of X are whole graphs."""
        return self.context.rows == "graphs"

    def placer(self) -> Place:
        """Return the function that places a matrix over nodes in the user's rows."""
        return self.context.placer(self.X, self.view)


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
    check = partial(check_features, estimator, reset=False)
    view = estimator._context_.join(X, adjacency=adjacency, check=check)
    estimator._schema_.check(view)
    (source,) = estimator._input_spec_.sources(
        [(view, None)],
        batch_size=estimator.batch_size,
        device=resolve_device(estimator.device, strict=False),
    )
    return PreparedInput(X, view, source, estimator._context_)


def check_features(estimator: Any, features: Any, *, reset: bool) -> Any:
    """Validate a feature matrix, None for a graph without features."""
    if features is not None:
        with numeric_errors(features, "X"):
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
