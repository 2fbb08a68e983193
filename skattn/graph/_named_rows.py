"""Rows of a DataFrame that join a graph by node labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._labels import as_index, some


def named_rows(X: Any, nodes: Any) -> tuple[NDArray[np.int64], Any]:
    """Look up the nodes of the rows of a DataFrame.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        Node labels are its index or the column of the name of `nodes`.
    nodes : pandas.Index of shape (n_nodes,)
        The labels of the graph.

    Returns
    -------
    positions : ndarray of shape (n_rows,), int64
        The position of every row's node.
    features : DataFrame or None
        The columns except the labels; None without any.
    """
    if not (hasattr(X, "columns") and hasattr(X, "index")):
        raise ValueError(
            "With graph=, X must be a pandas DataFrame whose rows name their nodes by "
            f"the index or by a column{_called(nodes)}, got {type(X).__name__}. In a "
            'Pipeline use make_pipeline(...).set_output(transform="pandas").'
        )
    positions = _positions(_keys(X, nodes), nodes)
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
            f"different ones for {some(labels)}. Keep one row per node, or aggregate "
            "its rows (groupby) first."
        )


def last_row_of(positions: NDArray[np.int64], n_nodes: int) -> NDArray[np.int64]:
    """Return the last row of each node of the graph, -1 for nodes without rows."""
    row = np.full(n_nodes, -1, dtype=np.int64)
    row[positions] = np.arange(len(positions))
    return row


def stack(above: Any, below: Any) -> Any:
    """Stack two checked feature matrices by rows."""
    if sparse.issparse(above) or sparse.issparse(below):
        return sparse.vstack([above, below], format="csr")
    return np.concatenate([above, below])


def _called(nodes: Any) -> str:
    return f" called {nodes.name!r}" if nodes.name is not None else " of that name"


def _keys(X: Any, nodes: Any) -> Any:
    """Return the node labels of rows, from the index or a column."""
    if nodes.name is not None and X.index.name == nodes.name:
        return X.index
    if _strings(nodes) and _strings(X.index):
        return X.index
    if nodes.name is not None and nodes.name in X.columns:
        return as_index(X[nodes.name])
    raise ValueError(_no_key(X, nodes))


def _strings(labels: Any) -> bool:
    return bool(labels.inferred_type == "string")


def _no_key(X: Any, nodes: Any) -> str:
    name = nodes.name
    if name is None:
        return (
            "With graph=, rows join by name: the graph's labels are not strings, so "
            "they must have a name, got nodes= without one. Use Graph(adjacency, "
            'nodes=pd.Index(labels, name="node_id")) and call the index or a column '
            "of X the same."
        )
    renamed = [column for column in X.columns if str(column).endswith(f"__{name}")]
    if renamed:
        return (
            f"With graph=, X must have an index or a column called {name!r}, got "
            f"{renamed[0]!r}: a ColumnTransformer renamed it. Make that transformer "
            "with verbose_feature_names_out=False."
        )
    index = f"an index called {X.index.name!r}"
    if X.index.name is None:
        index = f"an unnamed {type(X.index).__name__}"
    return (
        f"With graph=, X must have an index or a column called {name!r}, as the nodes "
        f"of the graph are, got {index} and the columns {some(X.columns)}. An unnamed "
        "index never matches labels that are not strings, as steps before may have "
        f"made it anew. Keep the key as a column, X.assign({name}=...), or call the "
        f"index so, X.rename_axis({name!r})."
    )


def _positions(keys: Any, nodes: Any) -> NDArray[np.int64]:
    positions = nodes.get_indexer(keys)
    if (positions < 0).any():
        unknown = keys[positions < 0].unique()
        raise ValueError(
            f"With graph=, rows must name nodes of the graph, got {some(unknown)}, not "
            f"among its {len(nodes)} labels ({some(nodes, 3)}). Give labels as the "
            "graph has them (same type, not scaled or encoded), remove those rows, or "
            "make a Graph that has them."
        )
    found: NDArray[np.int64] = positions.astype(np.int64)
    return found
