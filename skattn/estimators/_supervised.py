"""Training plan of a classifier or regressor."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skattn._training import Supervised
from skattn.estimators._batch_size import training_batch_size
from skattn.estimators._defaults import choose
from skattn.estimators._fit_record import FitRecord, early_stopping_of
from skattn.estimators._input import check_features, learn_input, resolve_fit
from skattn.estimators._label_inputs import learn_label_inputs
from skattn.estimators._label_reader import check_length, check_weight
from skattn.estimators._pretrained import (
    pretrained_encoding,
    pretrained_input,
    pretrained_weights,
)
from skattn.estimators._scoring import validation_score
from skattn.estimators._setting import Setting, Sizes
from skattn.estimators._transaction import Plan
from skattn.graph._homophily import adjusted_homophily, nearest_homophily
from skattn.graph._table_context import TableContext


@dataclass(frozen=True, eq=False)
class FitArguments:
    """Arguments of ``fit``."""

    X: Any
    y: Any
    sample_weight: Any
    adjacency: Any
    X_val: Any
    y_val: Any
    sample_weight_val: Any


def plan_supervised(attempt, arguments):
    """Check the input of an attempt, set its label attributes, make its training plan.

    Raises
    ------
    TypeError
        If X cannot be converted to a graph, or `pretrained` is not an embedder.
    ValueError
        If the input is invalid.
    """
    if arguments.X_val is None:
        _check_no_validation(arguments.y_val, arguments.sample_weight_val)
    inputs = resolve_fit(
        attempt,
        arguments.X,
        arguments.adjacency,
        label_kind=attempt._label_reader.label_kind,
        encoding=pretrained_encoding(attempt),
    )
    context = inputs.context
    reader = attempt._label_reader.of(attempt)
    y, sample_weight = context.align(
        arguments.X,
        arguments.adjacency,
        y=arguments.y,
        sample_weight=arguments.sample_weight,
    )
    y, known = reader.read(y)
    check_length(y, context.n_rows, "y", "X")
    sample_weight = check_weight(sample_weight, y)
    label_model = reader.learn(y, known, sample_weight)
    encoding = label_model.encoding
    attempt._label_encoding_ = encoding
    rows = label_model.rows(y, known, sample_weight)
    early_stopping = attempt.early_stopping if arguments.X_val is None else False
    held_out = rows.choose_held_out(early_stopping, check_random_state(inputs.seed))
    training = np.setdiff1d(np.arange(len(y)), held_out)
    view, validation_view = context.split(training, held_out)
    training_rows, validation_rows = rows[training], rows[held_out]
    labelled = training_rows.has_weight
    learn_input(attempt, view[labelled], pretrained_input(attempt, view))
    views = [(view, training_rows.labels("sample_weight and class_weight"))]
    if arguments.X_val is not None:
        validation_view, validation_rows = _validation_rows(
            attempt, arguments, context, label_model
        )
    score, n_validation = None, 0
    if validation_view is not None:
        names = "sample_weight" if arguments.X_val is None else "sample_weight_val"
        views.append((validation_view, validation_rows.labels(names)))
        score = validation_score(attempt, validation_rows)
        n_validation = int(validation_rows.has_weight.sum())
    setting = Setting(context.rows, encoding.label_kind, attempt.pretrained is not None)
    n_label_columns = learn_label_inputs(
        attempt, inputs.config, context.rows, view, training_rows
    )
    batch_size = training_batch_size(attempt, setting, len(view))
    data = attempt._input_spec_.training_data(views, attempt, batch_size)
    sizes = _sizes(
        attempt, context, view, training_rows, data[0].n_features, n_label_columns
    )
    choice = choose(attempt, inputs.config, setting, sizes)
    attempt._fit_record_ = FitRecord.of(
        view,
        data[0],
        choice,
        n_train=int(labelled.sum()),
        n_validation=n_validation,
        early_stopping=early_stopping_of(
            attempt.early_stopping, n_validation, has_X_val=arguments.X_val is not None
        ),
    )
    initial_weights = pretrained_weights(attempt, inputs.config, data[0].n_features)
    objective = Supervised(choice.network, encoding.n_outputs, encoding.criterion)
    patience = attempt.n_iter_no_change if attempt.early_stopping else None
    return Plan(objective, data, inputs.seed, choice, patience, score, initial_weights)


def _sizes(attempt, context, view, rows, n_features, n_label_columns):
    """Return the sizes of a fit, and the homophily where a default depends on it."""
    sizes = Sizes(
        n_features=n_features,
        n_edge_features=view.n_edge_features,
        n_nodes=view.n_nodes,
        n_examples=int(rows.has_weight.sum()),
        n_descriptors=view.n_descriptors,
        n_edge_types=attempt._schema_.n_edge_types,
        n_label_columns=n_label_columns,
    )
    if rows.encoded.ndim != 1:  # no classes
        return sizes
    classes = np.where(rows.has_weight, rows.encoded, -1)
    if isinstance(context, TableContext):
        nearest = nearest_homophily(context, view, classes)
        return replace(sizes, nearest_homophily=nearest)
    if context.rows == "nodes" and sizes.wide:
        return replace(sizes, homophily=adjusted_homophily(view, classes))
    return sizes


def _check_no_validation(y_val, sample_weight_val):
    """Raise ValueError if validation labels or weights are given without X_val."""
    if y_val is not None or sample_weight_val is not None:
        raise ValueError(
            "y_val and sample_weight_val need X_val, the rows of these labels; got "
            "X_val=None. Pass X_val, or leave them out."
        )


def _validation_rows(attempt, arguments, context, labels):
    """Return the view of X_val and its labelled rows."""
    if arguments.y_val is None:
        raise ValueError("X_val needs y_val, the labels of its rows; got y_val=None.")
    if context.needs_adjacency:
        raise ValueError(
            "X_val must not be combined with adjacency=, which covers only the rows of "
            "X; got both. Fit on Graph(adjacency, X) and pass a Graph as X_val, or set "
            "early_stopping to the fraction of rows to hold out."
        )
    check = partial(check_features, attempt, reset=False)
    view = context.join_validation(arguments.X_val, arguments.X, check)
    y, sample_weight = context.align(
        arguments.X_val,
        y_val=arguments.y_val,
        sample_weight_val=arguments.sample_weight_val,
    )
    y, known = attempt._label_reader.of(attempt).read(y)
    sample_weight = check_weight(sample_weight, y)
    rows = labels.rows(y, known, sample_weight)
    attempt._schema_.check(view)
    check_length(y, len(view), "y_val", "X_val")
    return view, rows
