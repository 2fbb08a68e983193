"""Files of fitted generators, without pickle."""

import numpy as np
from scipy import sparse

from skattn._training import Growth
from skattn.estimators._conditions import Conditions
from skattn.estimators._file_checks import NET, check_attributes, check_types
from skattn.estimators._fitted_file import (
    TORCH_PARTS,
    read_fitted,
    record_part,
    write_fitted,
)
from skattn.estimators._generator_fit import must_link
from skattn.estimators._label_encoding import Classes, Numbers
from skattn.graph import Graph
from skattn.graph._label_table import LabelTable
from skattn.graph._packing import PLAIN, Part
from skattn.graph._schema import GraphSchema
from skattn.graph._storage import graph_parts, stored_graph
from skattn.nn import GrowthSpec

_NET = NET | {"objective": Growth}
_LEARNED = {
    "connected_": bool,
    "max_nodes_": int,
    "n_features_in_": int,
    "feature_names_in_": np.ndarray,
    "n_iter_": int,
    "loss_curve_": list[float],
    "validation_curve_": list[float] | None,
    "_conditions_": Conditions | None,
    "_label_table_": LabelTable,
    "_schema_": GraphSchema,
    "_score_seed_": int,
}
"""Types of learned attributes in files, except the net."""


def save_generator(estimator, learned, path):
    """Write a fitted generator; an existing file is replaced by the complete one."""
    estimator._validate_params()
    write_fitted(estimator, estimator.get_params(deep=False), learned, path, PARTS)


def load_generator(cls, path, *, device=None):
    """Read a generator of class ``cls``."""
    return read_fitted(cls, path, device, PARTS, _check)


def _check(estimator, state):
    estimator._validate_params()
    check_types(state["net"], _NET)
    learned, objective = state["learned"], state["net"]["objective"]
    check_attributes(learned, estimator, _LEARNED)
    table, conditions = learned["_label_table_"], learned["_conditions_"]
    spec, schema = objective.spec, learned["_schema_"]
    if state["net"]["n_features"] != spec.n_features:
        raise ValueError(f"its network has not {spec.n_features} features")
    linked = must_link(learned["connected_"], objective.order)
    widths = [
        0 if rows is None else rows.shape[1]
        for rows in (table.node_rows, table.edge_rows)
    ]
    same = [
        (spec.n_labels, table.n_node_labels),
        (spec.n_edge_labels, table.n_edge_labels),
        (spec.n_conditions, 0 if conditions is None else conditions.n_columns),
        (spec.must_link, linked),
        (schema.n_features, widths[0]),
        (schema.n_edge_features, widths[1]),
        (learned["n_features_in_"], widths[0]),
    ]
    for ours, theirs in same:
        if ours != theirs:
            raise ValueError(f"its network takes {ours} and its labels are {theirs}")
    if learned["max_nodes_"] < 1:
        raise ValueError("its samples have no nodes")


def _table_parts(table):
    """Decompose a table of labels: node rows as a graph without edges."""
    rows = Graph._trusted(
        sparse.csr_array((table.n_node_labels,) * 2, dtype=np.float32),
        table.node_rows,
        None,
        None,
    )
    return [list(graph_parts(rows)), table.edge_rows]


def _make_table(graph, edge_rows):
    """Make a table of checked parts."""
    stored = stored_graph(*graph)
    if edge_rows is not None:
        is_table = isinstance(edge_rows, np.ndarray) and edge_rows.ndim == 2
        if not is_table or edge_rows.dtype != np.float32 or not len(edge_rows):
            raise ValueError("it has labels of edges that are no table")
        if not np.isfinite(edge_rows).all():
            raise ValueError("it has labels of edges that are not finite")
    if stored.X is not None and not stored.X.shape[0]:
        raise ValueError("it has no labels of nodes")
    return LabelTable(stored.X, edge_rows)


PARTS = PLAIN | {
    "labels": Part(LabelTable, _table_parts, _make_table),
    **TORCH_PARTS,
    **{
        cls.__name__: record_part(cls)
        for cls in (Classes, Conditions, GraphSchema, Growth, GrowthSpec, Numbers)
    },
}
"""Decomposition of each class in a fitted generator, and its inverse."""
