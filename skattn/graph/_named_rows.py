"""Lookup of the nodes of DataFrame rows by label."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._labels import as_index, label_errors, listing


def named_rows(X: Any, nodes: Any) -> tuple[NDArray[np.int64], Any]:
    """Return the node position of every row of a DataFrame, and its feature columns.

    Labels are the index or a column of X with the name of `nodes`, or an index of text.
    The features are None if X has no other column.
    """
    if not (hasattr(X, "columns") and hasattr(X, "index")):
        raise ValueError(
            "With graph=, X must be a pandas DataFrame with node labels in its index "
            f"or a column{_name_phrase(nodes)}, got {type(X).__name__}. In a Pipeline, "
            'use make_pipeline(...).set_output(transform="pandas").'
        )
    positions = _positions(_node_labels(X, nodes), nodes)
    if nodes.name is not None and nodes.name in X.columns:
        X = X.drop(columns=[nodes.name])
    return positions, X if X.shape[1] else None


def check_repeats(positions: NDArray[np.int64], features: Any, nodes: Any) -> None:
    """Raise ValueError unless rows of the same node have the same features."""
    _, first, which = np.unique(positions, return_index=True, return_inverse=True)
    repeated = np.flatnonzero(first[which] != np.arange(len(positions)))
    if features is None or len(repeated) == 0:
        return
    differs = features[repeated] != features[first[which[repeated]]]
    rows = np.unique(differs.nonzero()[0])
    if len(rows):
        labels = nodes[np.unique(positions[repeated[rows]])]
        raise ValueError(
            "With graph=, rows of the same node must have the same features, got "
            f"different ones for {listing(labels)}. Keep one row per node, or "
            "aggregate its rows with groupby."
        )


def last_row_of(positions: NDArray[np.int64], n_nodes: int) -> NDArray[np.int64]:
    """Return the number of the last row of each node, -1 for nodes without rows."""
    row = np.full(n_nodes, -1, dtype=np.int64)
    row[positions] = np.arange(len(positions))
    return row


def stack(above: Any, below: Any) -> Any:
    """Concatenate two feature matrices by rows."""
    if sparse.issparse(above) or sparse.issparse(below):
        return sparse.vstack([above, below], format="csr")
    return np.concatenate([above, below])


def _name_phrase(nodes: Any) -> str:
    return f" called {nodes.name!r}" if nodes.name is not None else " of that name"


def _node_labels(X: Any, nodes: Any) -> Any:
    """Return the node labels of rows from the index or a column of X."""
    index = as_index(X.index)
    if nodes.name is not None and X.index.name == nodes.name:
        return index
    if nodes.name is not None and nodes.name in X.columns:
        return as_index(X[nodes.name])
    if _are_strings(nodes) and _are_strings(index):
        return index
    raise ValueError(_no_labels_message(X, nodes))


def _are_strings(labels: Any) -> bool:
    return bool(labels.inferred_type == "string")


def _no_labels_message(X: Any, nodes: Any) -> str:
    name = nodes.name
    if name is None:
        return (
            "With graph=, node labels that are not strings must have a name, got "
            "nodes= without one. Use Graph(adjacency, "
            'nodes=pd.Index(labels, name="node_id")) and give the index or a column of '
            "X the same name."
        )
    renamed = [column for column in X.columns if str(column).endswith(f"__{name}")]
    if renamed:
        return (
            f"With graph=, X must have an index or a column called {name!r}, got "
            f"{renamed[0]!r}, as a ColumnTransformer renames columns. Set "
            "verbose_feature_names_out=False in it."
        )
    index = f"an index called {X.index.name!r}"
    if X.index.name is None:
        index = f"an unnamed {type(X.index).__name__}"
    return (
        f"With graph=, X must have an index or a column called {name!r}, as the nodes "
        f"of the graph, got {index} and the columns {listing(X.columns)}. An unnamed "
        "index is matched only if all labels are strings. Add the labels as a column, "
        f"X.assign({name}=...), or name the index, X.rename_axis({name!r})."
    )


def _positions(keys: Any, nodes: Any) -> NDArray[np.int64]:
    with label_errors(keys):
        positions = nodes.get_indexer(keys)
    if (positions < 0).any():
        unknown = keys[positions < 0].unique()
        raise ValueError(
            f"With graph=, rows must name nodes of the graph, got {listing(unknown)}, "
            f"not among its {len(nodes)} labels ({listing(nodes, 3)}). Use the labels "
            "of the graph (same type, not scaled or encoded), remove those rows, or "
            "add the nodes to the Graph."
        )
    found: NDArray[np.int64] = positions.astype(np.int64)
    return found
