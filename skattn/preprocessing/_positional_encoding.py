"""Transformer that appends positional encodings to node features."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    Interval,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from skattn.graph import positional_encoding
from skattn.preprocessing._nodes import Nodes, check_features
from skattn.preprocessing._to_graphs import ToGraphs


class PositionalEncoding(ToGraphs):
    """Append positional encodings to node features.

    With encodings, message passing distinguishes graphs that the 1-WL test does not,
    such as two triangles and a hexagon. Encodings depend on the edges alone and are
    permutation-equivariant.

    Parameters
    ----------
    kind : {"random_walk", "laplacian", "degree"}, default="random_walk"
        "random_walk": return probabilities of a random walk after 1, 2, ... steps.
        "laplacian": eigenvectors of the Laplacian of every connected component, with
        fixed signs. "degree": one-hot number of senders. See
        :func:`~skattn.graph.positional_encoding`.
    n_components : int, default=16
        Number of columns.

    Attributes
    ----------
    n_features_in_ : int
        Number of node features, 0 for graphs without features.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the node features, if ``X`` of the graph is a DataFrame.

    See Also
    --------
    skattn.graph.positional_encoding : The corresponding function.

    References
    ----------
    Dwivedi et al., "Graph neural networks with learnable structural and
    positional representations", ICLR 2022.

    Dwivedi et al., "Benchmarking graph neural networks", JMLR 2023.

    Examples
    --------
    >>> from skattn import Graph
    >>> from skattn.preprocessing import PositionalEncoding
    >>> triangle = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]], [[5.0], [6.0], [7.0]])
    >>> PositionalEncoding(n_components=3).fit_transform(triangle).X
    array([[5.  , 0.  , 0.5 , 0.25],
           [6.  , 0.  , 0.5 , 0.25],
           [7.  , 0.  , 0.5 , 0.25]])
    """

    _parameter_constraints: ClassVar[dict] = {
        "kind": [StrOptions({"random_walk", "laplacian", "degree"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, kind="random_walk", n_components=16):
        self.kind = kind
        self.n_components = n_components

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Store the number of node features.

        Parameters
        ----------
        X : Graph or list of Graph
            Graph, view or list of graphs, with or without features.
        y : object, optional
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If X is not a Graph or a list of graphs.
        ValueError
            If the graphs of a list have different features.
        """
        check_features(self, self._nodes(X).graph.X, reset=True)
        return self

    def transform(self, X):
        """Append the encoding to the features of all nodes.

        Parameters
        ----------
        X : Graph or list of Graph
            Graph, view or list of graphs, with the features of ``fit``.

        Returns
        -------
        Graph or list of Graph
            Input with the encoding appended to its features, in the same container.
            Without features, the encoding alone.

        Raises
        ------
        TypeError
            If X is not a Graph or a list of graphs.
        ValueError
            If the features differ from those of ``fit``.
        """
        check_is_fitted(self)
        nodes = self._nodes(X)
        check_features(self, nodes.graph.X, reset=False)
        encoding = positional_encoding(
            nodes.graph.adjacency, self.kind, self.n_components, nodes.node_ptr
        )
        return nodes.with_features(
            _append_columns(nodes.graph.X, encoding, self._names())
        )

    def get_feature_names_out(self, input_features=None):
        """Return the names of the node features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the node features; None means those of ``fit``, or x0, x1, ...

        Returns
        -------
        ndarray of str
            Names of the features, then ``random_walk_1``, ``random_walk_2``, ...
            (``laplacian_1``, ... or ``degree_0``, ...).
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.concatenate([names, np.array(self._names(), dtype=object)])

    def _nodes(self, X):
        return Nodes.of(X, type(self).__name__)

    def _names(self):
        first = 0 if self.kind == "degree" else 1
        return [f"{self.kind}_{first + i}" for i in range(self.n_components)]


def _append_columns(features, encoding, names):
    """Return features and encoding side by side, in the container of the features."""
    if features is None:
        return encoding
    if sparse.issparse(features):
        return sparse.hstack([features, sparse.csr_array(encoding)], format="csr")
    if hasattr(features, "iloc"):
        import pandas as pd

        columns = pd.DataFrame(encoding, columns=names, index=features.index)
        return pd.concat([features, columns], axis=1)
    return np.hstack([features, encoding])
