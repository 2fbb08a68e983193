"""Training plan of a link estimator."""

import numpy as np
from sklearn.utils import check_random_state

from skattn._batch import PairCollator
from skattn._training import (
    Negatives,
    PairBatches,
    SupervisedPairs,
    agreed_seed,
    resolve_device,
)
from skattn.estimators._batch_size import pair_batch_size
from skattn.estimators._defaults import choose
from skattn.estimators._fit_record import FitRecord, early_stopping_of
from skattn.estimators._input import learn_input
from skattn.estimators._input_spec import InputSpec
from skattn.estimators._link_rows import feature_names, link_rows, named_pairs
from skattn.estimators._link_validation import check_validation, plan_validation
from skattn.estimators._parameters import check_parameters
from skattn.estimators._setting import Setting, Sizes
from skattn.estimators._transaction import Plan
from skattn.graph._non_links import NonLinks
from skattn.graph._pair_keys import pair_keys
from skattn.nn._hops import as_hops


def plan_links(attempt, X, y, X_val=None, y_val=None):
    """Check the input of an attempt, set its learned attributes, make its plan.

    Raises
    ------
    TypeError
        If X is no table of pairs and no graph.
    ValueError
        If the input or a parameter is invalid.
    """
    device = resolve_device(attempt.device, strict=True)
    config = check_parameters(attempt)
    _check_config(config)
    check_validation(attempt, y, X_val, y_val)
    generator = check_random_state(attempt.random_state)
    seed = agreed_seed(attempt, int(generator.randint(np.iinfo(np.int32).max)))
    named = named_pairs(attempt, X)
    labels, n_negatives = attempt._read_labels(y, named)
    rows = link_rows(attempt, named, labels)
    context = rows.context
    attempt._context_, attempt._label_encoding_ = context, labels.encoding
    attempt._feature_encoding_ = None  # features are those of the fitted nodes
    feature_names(attempt, X, context.n_row_features)
    attempt._input_spec_ = InputSpec(
        as_hops(config.hops), None, config.positional_dim, config.feature_embedding
    )
    graph = context.graph.with_features(context.features)
    learn_input(attempt, graph)
    batch_size = pair_batch_size(attempt.batch_size, len(rows.pairs))
    source = PairBatches(
        collator(attempt, device),
        rows.pairs,
        rows.features,
        rows.y,
        rows.is_link,
        _negatives(attempt, rows, labels, n_negatives),
        batch_size,
    )
    sizes = Sizes(
        n_features=source.n_features,
        n_edge_features=graph.n_edge_features,
        n_nodes=graph.n_nodes,
        n_examples=len(rows.pairs),
    )
    choice = choose(
        attempt, config, Setting("pairs", labels.encoding.label_kind), sizes
    )
    validation, score = plan_validation(attempt, source, X_val, y_val)
    n_validation = 0 if validation is None else len(validation)
    attempt._fit_record_ = FitRecord.of(
        graph,
        source,
        choice,
        n_train=len(rows.pairs),
        n_validation=n_validation,
        early_stopping=early_stopping_of(
            attempt.early_stopping, n_validation, has_X_val=X_val is not None
        ),
    )
    objective = SupervisedPairs(
        choice.network,
        labels.encoding.n_outputs,
        labels.encoding.criterion,
        context.n_pair_features,
        context.directed,
    )
    patience = attempt.n_iter_no_change if attempt.early_stopping else None
    return Plan(objective, (source, validation), seed, choice, patience, score)


def collator(estimator, device):
    """Make the conversion of pairs to batches, from the learned attributes."""
    context, spec = estimator._context_, estimator._input_spec_
    features, scaling = context.features, spec.feature_scaling
    if scaling is not None and context.has_features:
        features = scaling.apply(features)
    return PairCollator(context, features, spec.hops, spec.edge_scaling, device)


def _negatives(attempt, rows, labels, n_negatives):
    """Return the non-links that are drawn in training, or None."""
    if not n_negatives:
        return None
    context = rows.context
    keys = pair_keys(rows.pairs, context.n_nodes, directed=context.directed)
    taken = np.union1d(context.link_keys, keys)
    links = rows.pairs[rows.is_link]
    non_links = NonLinks(context.n_nodes, links, taken, context.directed, context.sides)
    if not non_links.n_free:
        raise ValueError(
            f"non-links are drawn from pairs that are no rows, but all pairs of "
            f"{context.n_nodes} nodes are rows of X or edges of graph=. Mark rows as "
            "non-links in y (non_link=), or set non_link=None if every row is a link."
        )
    return Negatives(non_links, n_negatives, attempt.negative_sampling, labels.non_link)


def _check_config(config):
    """Raise ValueError for options of the encoder that pairs do not have."""
    if config.output != "linear" or config.positional is not None:
        raise ValueError(
            'pairs need an encoder with output="linear" and positional=None, got '
            f"output={config.output!r} and positional={config.positional!r}. Their "
            "structure is in the features of pairs."
        )
