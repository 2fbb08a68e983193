"""Training plan of an embedder."""

import numpy as np

from skattn._training import MaskedReconstruction, feature_mean
from skattn.estimators._defaults import choose
from skattn.estimators._fit_record import FitRecord
from skattn.estimators._input import learn_input, resolve_fit, scale_to_unit_norm
from skattn.estimators._setting import Setting, Sizes
from skattn.estimators._transaction import Plan
from skattn.graph import Graph


def without_descriptors(X):
    """Return a list of graphs without their descriptors, other input as it is."""
    if not isinstance(X, list | tuple):
        return X
    return [x.with_descriptors(None) if isinstance(x, Graph) else x for x in X]


def plan_reconstruction(attempt, X, adjacency):
    """Validate the input of a fit and make its training plan."""
    embedding = None if attempt.encoder is None else attempt.encoder.feature_embedding
    if embedding is not None:
        raise ValueError(
            "feature_embedding must be None for an embedder, which reconstructs "
            f"features as they are, got {embedding!r}."
        )
    n_segments = "auto" if attempt.encoder is None else attempt.encoder.n_segments
    if n_segments not in ("auto", 0):
        raise ValueError(
            "n_segments must be 0 for an embedder, which reconstructs nodes alone, got "
            f'{n_segments}. Use n_segments="auto".'
        )
    inputs = resolve_fit(attempt, without_descriptors(X), adjacency)
    view, _ = inputs.context.split(np.arange(inputs.context.n_rows), None)
    learn_input(attempt, view.base)  # all nodes are reconstructed
    if inputs.context.rows == "nodes" and attempt.standardize is not False:
        scale_to_unit_norm(attempt, view.base)
    data = attempt._input_spec_.training_data(
        [(view, None)], attempt, attempt.batch_size
    )
    choice = choose(
        attempt,
        inputs.config,
        Setting(inputs.context.rows, label_kind=None),
        Sizes(
            n_features=data[0].n_features,
            n_edge_features=view.n_edge_features,
            n_nodes=view.n_nodes,
            n_examples=view.n_nodes,
            n_edge_types=attempt._schema_.n_edge_types,
        ),
    )
    attempt._fit_record_ = FitRecord.of(view, data[0], choice)
    objective = MaskedReconstruction(
        choice.network,
        int(attempt.n_components),
        attempt.mask_fraction,
        choice.smoothing,
        unit_norm=inputs.context.rows == "nodes",
    )
    center = {"center": feature_mean(data[0])}
    return Plan(objective, data, inputs.seed, choice, initial_weights=center)
