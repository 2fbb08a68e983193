"""Search space of the parameters that matter most."""

from typing import Any

from skattn.graph._context import RowKind

_SPACES: dict[RowKind, dict[str, tuple[Any, ...]]] = {
    "table": {
        "weight_decay": (0.005, 0.02, 0.05),
        "dropout": (0.2, 0.3, 0.4, 0.5),
        "norm": ("batch", "layer", None),
        "n_neighbors": (5, 15, 30),
        "max_epochs": (100, 200, 300),
    },
    "nodes": {
        "weight_decay": (1e-5, 5e-4, 5e-3),
        "dropout": (0.2, 0.5),
        "n_layers": (2, 3, 5),
        "residual": (True, False),
        "norm": ("layer", "batch"),
        "label_inputs": ("auto", True),
        "encoder__convolution": (None, "gcn"),
    },
    "graphs": {
        "weight_decay": (1e-5, 1e-3),
        "dropout": (0.0, 0.2, 0.4),
        "hidden_dim": (64, 128),
        "readout": ("attention", "mean", "sum"),
        "encoder__convolution": ("gcn", "sum"),
        "encoder__positional": (None, "random_walk"),
    },
    "sequences": {
        "weight_decay": (1e-5, 1e-3),
        "dropout": (0.0, 0.2, 0.4),
        "hidden_dim": (64, 128),
        "readout": ("attention", "mean", "max"),
        "encoder__max_patches": (32, 64, 128),
        "encoder__n_segments": (0, 20, 50),
    },
}


def search_space(kind: RowKind) -> dict[str, list[Any]]:
    """Return values of the parameters that matter most, for a random search.

    About 20 draws are a reasonable search: ``RandomizedSearchCV(clf,
    search_space("table"), n_iter=20)``. In a pipeline, prefix the names with that of
    the step.

    Parameters
    ----------
    kind : {"table", "nodes", "graphs", "sequences"}
        Kind of the rows: of a plain table, nodes of one graph (also rows that join a
        graph), graphs and molecules, or sequences.

    Returns
    -------
    dict of str to list
        Values by name of a parameter of :class:`~skattn.GraphAttentionClassifier` and
        :class:`~skattn.GraphAttentionRegressor`; the defaults are among them.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from skattn import GraphAttentionClassifier, search_space
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = GraphAttentionClassifier(random_state=0)
    >>> space = search_space("table") | {"max_epochs": [20, 40]}
    >>> search = RandomizedSearchCV(clf, space, n_iter=2, cv=2, random_state=0)
    >>> bool(search.fit(X, y).best_score_ > 0.8)
    True
    """
    if kind not in _SPACES:
        raise ValueError(
            f"kind must be one of {list(_SPACES)}, the kind of the rows, got {kind!r}."
        )
    return {name: list(values) for name, values in _SPACES[kind].items()}
