"""Training plan of a generator."""

from dataclasses import replace

import numpy as np
from sklearn.utils import check_random_state

from skattn._compat_sklearn import _check_feature_names
from skattn._training import Growth, GrowthBatches, clip_gradients, resolve_device
from skattn.estimators._conditions import Conditions
from skattn.estimators._generator_defaults import choose_growth
from skattn.estimators._generator_input import (
    encode,
    read_graphs,
    read_training_graphs,
)
from skattn.estimators._parameters import _check_net_params
from skattn.estimators._transaction import Plan
from skattn.graph._label_table import LabelTable
from skattn.graph._schema import GraphSchema
from skattn.graph._undirected import are_connected
from skattn.graph._warning import warn
from skattn.nn import GrowthSpec
from skattn.nn._head_dim import head_dim_of

HELD_OUT = 0.1
"""Default share of the graphs that are held out for validation."""


def plan_growth(attempt, X, y, X_val, y_val) -> Plan:
    """Check the input of an attempt, set its learned attributes, make its plan.

    Raises
    ------
    TypeError
        If X is no list of graphs.
    ValueError
        If graphs or y are invalid.
    """
    _check_net_params(attempt.net_params or {})
    head_dim_of("hidden_dim", attempt.hidden_dim, attempt.n_heads)
    device = resolve_device(attempt.device, strict=True)
    collection = read_training_graphs(X)
    graphs = _learn_graphs(attempt, collection)
    conditions = _learn_conditions(attempt, y, len(graphs))
    rng = check_random_state(attempt.random_state)
    seed, attempt._score_seed_ = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
    held_out = _held_out(attempt.early_stopping, X_val, len(graphs), rng)
    training = np.setdiff1d(np.arange(len(graphs)), held_out)
    choice = choose_growth(attempt, graphs.sizes[training])
    attempt.max_nodes_ = choice.max_nodes
    source = GrowthBatches(
        graphs.take(training),
        conditions[training],
        _objective(attempt, conditions.shape[1]),
        choice.batch_size,
        choice.n_steps,
        device,
    )
    validation = None
    if X_val is not None:
        validation = _validation(attempt, source, X_val, y_val)
    elif y_val is not None:
        raise ValueError("y_val needs X_val, the graphs of these values; got None.")
    elif len(held_out):
        validation = replace(
            source, graphs=graphs.take(held_out), conditions=conditions[held_out]
        )
    patience = attempt.n_iter_no_change if attempt.early_stopping else None
    return Plan(
        source.objective,
        (source, validation),
        seed,
        choice,
        patience,
        callbacks=[clip_gradients()],
    )


def _learn_graphs(attempt, collection):
    """Set the attributes learned from the graphs; return them with labels."""
    attempt._label_table_ = table = LabelTable.of(collection.whole)
    attempt._schema_ = GraphSchema.of(collection)
    attempt.connected_ = bool(
        are_connected(collection.whole.adjacency, collection.node_ptr).all()
    )
    attempt.n_features_in_ = collection.n_features
    if collection.whole.X is not None:
        _check_feature_names(attempt, collection.whole.X, reset=True)
    return encode(collection, table)[0]


def _learn_conditions(attempt, y, n_graphs):
    """Set the encoding of y; return the conditions of the graphs."""
    attempt._conditions_ = None
    if y is None:
        return np.zeros((n_graphs, 0), np.float32)
    attempt._conditions_ = Conditions.learn(y, n_graphs)
    return attempt._conditions_.columns(y, n_graphs)


def _objective(attempt, n_conditions):
    table = attempt._label_table_
    spec = GrowthSpec(
        n_labels=table.n_node_labels,
        n_edge_labels=table.n_edge_labels,
        n_conditions=n_conditions,
        score=attempt.attention,
        n_layers=attempt.n_layers,
        n_heads=attempt.n_heads,
        hidden_dim=attempt.hidden_dim,
        dropout=attempt.dropout,
        must_link=must_link(attempt.connected_, attempt.order),
    )
    return Growth(spec, attempt.order)


def must_link(connected, order) -> bool:
    """Return whether every new node has an edge: graphs are connected, not shuffled."""
    return connected and order != "uniform"


def _held_out(early_stopping, X_val, n_graphs, rng):
    """Draw the graphs that are held out for validation; none if there is X_val."""
    if X_val is not None or early_stopping == "auto" or not early_stopping:
        return np.zeros(0, np.int64)
    share = HELD_OUT if isinstance(early_stopping, bool | np.bool_) else early_stopping
    n_held_out = max(round(share * n_graphs), 1)
    if n_held_out > n_graphs - 1:
        raise ValueError(
            f"early_stopping={early_stopping!r} must leave a graph for training, got "
            f"{n_graphs} graphs. Decrease it, or pass X_val."
        )
    return np.sort(rng.permutation(n_graphs)[:n_held_out])


def _validation(attempt, source, X_val, y_val):
    """Return the batches of X_val; graphs that cannot be drawn are left out."""
    collection = read_graphs(X_val)
    attempt._schema_.check(collection)
    conditions = attempt._conditions_
    if conditions is None and y_val is not None:
        raise ValueError("y_val needs y; fit was given none. Pass y, or leave it out.")
    columns = np.zeros((collection.n_graphs, 0), np.float32)
    if conditions is not None:
        columns = conditions.columns(y_val, collection.n_graphs, "y_val")
    graphs, possible = encode(collection, attempt._label_table_)
    if source.objective.spec.must_link:
        possible &= are_connected(collection.whole.adjacency, collection.node_ptr)
    if not possible.all():
        warn(
            f"{(~possible).sum()} of {len(possible)} graphs of X_val are left out: "
            "they have labels that no graph of X has, or are not connected as all of "
            "X are."
        )
    kept = np.flatnonzero(possible)
    if not len(kept):
        raise ValueError(
            "X_val must have graphs whose labels are those of X, got none. Pass graphs "
            "of the same kind."
        )
    return replace(source, graphs=graphs.take(kept), conditions=columns[kept])
