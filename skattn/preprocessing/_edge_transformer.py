"""Application of transformers to edge features."""

from skattn.preprocessing._edges import GraphEdges
from skattn.preprocessing._inner_transformer import InnerTransformer


class EdgeTransformer(InnerTransformer):
    """Apply a scikit-learn transformer to edge features.

    The transformer is fitted on the features of the edges whose receivers are target
    nodes (in cross-validation, those of the training folds) and transforms the features
    of all edges. The edges of a list of graphs form one table.

    Estimators standardise edge features themselves; use this transformer for everything
    else, such as one-hot encoding or a logarithm.

    Parameters
    ----------
    transformer : estimator
        Transformer of tables, such as
        :class:`~sklearn.preprocessing.OneHotEncoder`, a ColumnTransformer or a
        Pipeline. It is cloned, not modified.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_in_ : int
        Number of edge features.

    See Also
    --------
    NodeTransformer : The same for node features.

    Examples
    --------
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> from skattn import Graph
    >>> from skattn.preprocessing import EdgeTransformer
    >>> graph = Graph([[0, 1], [1, 0]], [[1.0], [3.0]], edge_features=[[7], [5]])
    >>> EdgeTransformer(OneHotEncoder()).fit_transform(graph).edge_features
    array([[0., 1.],
           [1., 0.]], dtype=float32)
    """

    def _table(self, X):
        table = GraphEdges.of(X, type(self).__name__)
        if table.features is None:
            raise ValueError(
                "EdgeTransformer needs a graph with edge features, got "
                f"{table.nodes.graph!r}. Make it with edge_features=."
            )
        return table
