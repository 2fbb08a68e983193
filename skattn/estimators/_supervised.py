"""The training plan of a classifier or regressor."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skattn._training import Supervised, resolve_device
from skattn.estimators._class_weight import class_weigher
from skattn.estimators._defaults import Setting, Sizes, choose
from skattn.estimators._input import join_rows, keep_input, resolve_fit
from skattn.estimators._labelled_rows import LabelledRows, check_length, check_weight
from skattn.estimators._pretrained import pretrained_start
from skattn.estimators._scoring import validation_score
from skattn.estimators._split import held_out_rows
from skattn.estimators._transaction import Plan
from skattn.graph import Graph


@dataclass(frozen=True, eq=False)
class Given:
    """The arguments of ``fit``."""

    X: Any
    y: Any
    sample_weight: Any
    adjacency: Any
    X_val: Any
    y_val: Any
    sample_weight_val: Any


def plan_supervised(attempt, given):
    """Check all input and plan the training.

    Parameters
    ----------
    attempt : GraphAttentionPredictor
        Learned attributes but the net's are set on it.
    given : Given
        The arguments of ``fit``.

    Returns
    -------
    Plan
        The objective, the data and the validation.

    Raises
    ------
    TypeError
        If X is nothing that a graph can be made of, or `pretrained` no embedder.
    ValueError
        If the input cannot be used.
    """
    if given.X_val is None:
        _check_no_validation(given.y_val, given.sample_weight_val)
    inputs = resolve_fit(attempt, given.X, given.adjacency)
    rows, weigh = _learn_labels(attempt, given, inputs.context.n_rows)
    held_out = _held_out(attempt, given, rows, inputs.seed)
    training = np.setdiff1d(np.arange(len(rows)), held_out)
    view, validated_view = inputs.context.split(training, held_out)
    keep_input(attempt, inputs, view)
    learned, validated = rows[training], rows[held_out]
    views = [(view, learned.labels("sample_weight and class_weight"))]
    weighted = given.sample_weight is not None
    if given.X_val is not None:
        validated_view, validated = _validation_rows(attempt, given, inputs, weigh)
        weighted = given.sample_weight_val is not None
    score = None
    if validated_view is not None:
        views.append((validated_view, validated.labels("sample_weight_val")))
        score = validation_score(attempt, validated, weighted=weighted)
    return _plan(attempt, inputs, views, score, int(learned.counting.sum()))


def _check_no_validation(y_val, sample_weight_val):
    """Raise for labels of validation rows that are not given."""
    if y_val is not None or sample_weight_val is not None:
        raise ValueError(
            "y_val and sample_weight_val need X_val, the rows they are about; got "
            "None. Pass X_val, or leave them out."
        )


def _learn_labels(attempt, given, n_rows):
    """Read y and its weights; return the rows and the function that weighs classes."""
    reader = attempt._label_reader(attempt.unlabeled)
    y, known = reader.read(given.y)
    check_length(y, n_rows, "y", "X")
    sample_weight = check_weight(given.sample_weight, y)
    encoding = reader.learn(y, known, sample_weight)
    attempt._label_encoding_ = encoding
    weigh = None
    class_weight = getattr(attempt, "class_weight", None)
    if class_weight is not None:
        weigh = class_weigher(class_weight, encoding.classes, y, known)
    return _labelled_rows(encoding, y, known, sample_weight, weigh), weigh


def _labelled_rows(encoding, y, known, sample_weight, weigh):
    weight = sample_weight if weigh is None else sample_weight * weigh(y, known)
    encoded = encoding.encode(y, known)
    return LabelledRows(y, known, encoded, sample_weight, weight)


def _held_out(attempt, given, rows, seed):
    """Choose the rows that validate, if X_val does not."""
    labeled = np.flatnonzero(rows.counting)
    if given.X_val is not None:
        return labeled[:0]
    return held_out_rows(
        attempt.early_stopping,
        labeled,
        rows.encoded[labeled] if rows.encoded.ndim == 1 else None,
        check_random_state(seed),
    )


def _validation_rows(attempt, given, inputs, weigh):
    """Read X_val and its labels; return the view and the rows."""
    if given.y_val is None:
        raise ValueError("X_val needs y_val, the answers of its rows; got None.")
    if inputs.context.needs_adjacency:
        raise ValueError(
            "X_val needs a graph, which adjacency= over the rows of X is not; got "
            "both. Fit on Graph(adjacency, X) and pass a Graph as X_val, or set "
            "early_stopping to the fraction of rows to hold out."
        )
    reader = attempt._label_reader(attempt.unlabeled)
    y, known = reader.read(given.y_val)
    sample_weight = check_weight(given.sample_weight_val, y)
    encoding = attempt._label_encoding_
    rows = _labelled_rows(encoding, y, known, sample_weight, weigh)
    if _on_same_graph(given.X_val, given.X):
        view = inputs.context.view.base[given.X_val.targets]  # one graph, one batch
    else:
        view = join_rows(attempt, inputs.context, attempt._schema_, given.X_val)
    check_length(y, len(view), "y_val", "X_val")
    return view, rows


def _on_same_graph(X_val, X):
    return isinstance(X_val, Graph) and isinstance(X, Graph) and X_val.base is X.base


def _plan(attempt, inputs, views, score, n_examples):
    """Lay out the data, choose the network and the weights that it starts from."""
    data = inputs.spec.training_data(
        views,
        fanout=attempt.fanout,
        batch_size=attempt.batch_size,
        device=resolve_device(attempt.device, strict=True),
    )
    encoding, pretrained = attempt._label_encoding_, attempt.pretrained is not None
    spec = choose(
        attempt,
        inputs.recipe,
        Setting(inputs.context.rows, encoding.answers, pretrained),
        Sizes(data[0].n_features, attempt._schema_.n_edge_features, n_examples),
    )
    start = None
    if pretrained:
        start = pretrained_start(attempt, inputs.recipe, data[0].n_features)
    return Plan(
        objective=Supervised(spec, encoding.n_outputs, encoding.criterion),
        data=data,
        seed=inputs.seed,
        patience=attempt.n_iter_no_change if attempt.early_stopping else None,
        score=score,
        start=start,
    )
