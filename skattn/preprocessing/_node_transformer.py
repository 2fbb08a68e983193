"""Application of transformers to node features."""

from skattn.preprocessing._inner_transformer import InnerTransformer
from skattn.preprocessing._nodes import Nodes


class NodeTransformer(InnerTransformer):
    """Apply a scikit-learn transformer to node features.

    The transformer is fitted on the features of the target nodes (in cross-validation,
    those of the training folds) and transforms the features of all nodes. The nodes of
    a list of graphs form one table.

    Parameters
    ----------
    transformer : estimator
        Transformer of tables, such as
        :class:`~sklearn.preprocessing.StandardScaler`, a ColumnTransformer or a
        Pipeline. It is cloned, not modified.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_in_ : int
        Number of node features.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the node features, if ``X`` of the graph is a DataFrame.

    See Also
    --------
    EdgeTransformer : The same for edge features.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skattn import Graph
    >>> from skattn.preprocessing import NodeTransformer
    >>> graph = Graph([[0, 1], [1, 0]], [[1.0], [3.0]])
    >>> NodeTransformer(StandardScaler()).fit_transform(graph).X
    array([[-1.],
           [ 1.]])
    """

    def _table(self, X):
        nodes = Nodes.of(X, type(self).__name__)
        if nodes.graph.X is None:
            raise ValueError(
                f"NodeTransformer needs a graph with features, got {nodes.graph!r}. "
                "Use graph.with_features(X)."
            )
        return nodes
