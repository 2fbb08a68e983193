"""Validation pairs of a link estimator."""

import numpy as np
import torch

from skattn._training import FullGraph, Labels
from skattn.estimators._column_names import check_columns
from skattn.estimators._label_reader import equal_weights
from skattn.estimators._labelled_rows import LabelledRows
from skattn.estimators._link_labels import validation_labels
from skattn.estimators._scoring import validation_score
from skattn.graph._non_links import NonLinks
from skattn.graph._pair_keys import contains, pair_keys
from skattn.graph._pair_table import positions_of, read_pairs
from skattn.graph._warning import warn


def check_validation(attempt, y, X_val, y_val):
    """Raise ValueError unless the arguments of a validation go together."""
    if X_val is None and y_val is not None:
        raise ValueError(
            "y_val needs X_val, the pairs of these labels; got X_val=None. Pass X_val, "
            "or leave y_val out."
        )
    if X_val is None and attempt.early_stopping is True:
        raise ValueError(
            "early_stopping=True needs validation pairs, got X_val=None. Pass X_val "
            "and y_val, or set early_stopping to 'auto' or False."
        )
    if X_val is not None and y_val is None and y is not None:
        raise ValueError("X_val needs y_val, the labels of its pairs; got y_val=None.")


def read_asked(estimator, X, name="X"):
    """Return pairs as positions of fitted nodes, and their standardised features.

    Raises
    ------
    TypeError
        If X is no table of pairs.
    ValueError
        If a node is unknown, or paired with itself, or columns are not those of fit.
    """
    table = read_pairs(X, estimator.source, estimator.target, name)
    check_columns(estimator, X, name)
    width = 2 + table.features.shape[1]
    if width != estimator.n_features_in_:
        raise ValueError(
            f"{name} must have {estimator.n_features_in_} columns, as in fit, got "
            f"{width}: the two nodes of each pair and the features of the row."
        )
    context = estimator._context_
    return positions_of(table, context.names), context.scaled(table.features)


def plan_validation(attempt, source, X_val, y_val):
    """Make the validation data and their score; None for both without X_val.

    The pairs are validated in the graph of the fitted links, without their own edges if
    it has any. Where the training draws non-links and y_val marks none, some are drawn
    once.

    Parameters
    ----------
    attempt : LinkEstimator
        Attempt of a fit, with all learned attributes but the net.
    source : PairBatches
        Training data.
    X_val, y_val : array-like or None
        Validation pairs, and their labels; None for links of one class.

    Returns
    -------
    tuple of (FullGraph, ValidationScore) or of (None, None)
        Batch and score.
    """
    if X_val is None:
        return None, None
    pairs, features = read_asked(attempt, X_val, "X_val")
    _warn_of_known(source, pairs)
    encoding = attempt._label_encoding_
    if y_val is None:
        y_val = np.full(len(pairs), encoding.classes[1 - source.negatives.label])
    y, encoded = validation_labels(y_val, len(pairs), encoding)
    negatives = source.negatives
    if negatives is not None and not (encoded == negatives.label).any():
        drawn, of = _drawn(source, pairs)
        pairs = np.concatenate([pairs, drawn])
        features = np.concatenate([features, features[of]])
        encoded = np.append(encoded, np.full(len(drawn), negatives.label))
        y = encoding.classes[encoded]
    known = np.ones(y.shape, bool)
    rows = LabelledRows(y, known, encoded, None, equal_weights(y, known))
    y = torch.from_numpy(encoded)
    labels = Labels(y, torch.ones(y.shape)).to(source.device)
    batch = source.collator.hiding(pairs, features)
    return FullGraph(batch, labels), validation_score(attempt, rows)


def _drawn(source, pairs):
    """Draw non-links for validation links; return them, and the row of each."""
    negatives = source.negatives
    training = negatives.non_links
    of_pairs = pair_keys(pairs, training.n_nodes, directed=training.directed)
    taken = np.union1d(training.taken, of_pairs)
    others = NonLinks(training.n_nodes, pairs, taken, training.directed, training.sides)
    rng = np.random.default_rng(0)
    return others.draw(pairs, negatives.n_each, negatives.how, rng)


def _warn_of_known(source, pairs):
    """Warn of validation pairs that are rows of the training."""
    context = source.collator.context
    if context.n_row_features:
        return  # rows may repeat a pair
    keys = [
        pair_keys(of, context.n_nodes, directed=context.directed)
        for of in (source.pairs, pairs)
    ]
    n_known = int(contains(np.sort(keys[0]), keys[1]).sum())
    if n_known:
        warn(
            f"{n_known} of {len(pairs)} pairs of X_val are also rows of X, which the "
            "network is trained on. Leave them out of one of both."
        )
