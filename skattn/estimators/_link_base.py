"""Base of the link predictor and the link regressor."""

from functools import partial
from numbers import Integral
from typing import ClassVar

from sklearn.metrics import get_scorer_names
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    Interval,
    StrOptions,
    _fit_context,
    with_callbacks,
)
from skattn._training import PairPrediction, default_modes, resolve_device
from skattn.estimators._base import GraphAttentionEstimator
from skattn.estimators._link_plan import collator, plan_links
from skattn.estimators._link_validation import read_asked
from skattn.estimators._pair_removal import PairRemoval, PreparedPairs
from skattn.estimators._recommend import recommend
from skattn.estimators._transaction import fit

_NOT_USED = {"n_neighbors", "categorical_features", "fanout"}
_CONSTRAINTS = {
    name: allowed
    for name, allowed in GraphAttentionEstimator._parameter_constraints.items()
    if name not in _NOT_USED
}


class LinkEstimator(GraphAttentionEstimator):
    """Base of the link predictor and the link regressor.

    A subclass reads labels with ``_read_labels(y, named)``, which returns `LinkLabels`
    and the number of drawn non-links.
    """

    fanout: ClassVar[None] = None
    """Training encodes the whole graph."""
    categorical_features: ClassVar[str] = "from_dtype"
    """Columns of a DataFrame of node features with categories or text."""

    _parameter_constraints: ClassVar[dict] = {
        **_CONSTRAINTS,
        "source": "no_validation",
        "target": "no_validation",
        "directed": ["boolean", StrOptions({"auto"})],
        "bipartite": ["boolean", StrOptions({"auto"})],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "early_stopping": [StrOptions({"auto"}), "boolean"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    }

    _learned_attributes = GraphAttentionEstimator._learned_attributes | {
        "_label_encoding_"
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = False
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, X_val=None, y_val=None):
        """Fit to labelled pairs, or to all edges of a graph.

        Parameters
        ----------
        X : Graph, or array-like of shape (n_pairs, n_columns)
            Pairs of nodes: names, or positions in ``graph`` if it has no names. Further
            columns hold numbers: features of the pairs, also of their edges in the
            graph. Rows with features may repeat a pair. A graph stands for all of its
            edges.
        y : array-like of shape (n_pairs,), optional
            Classes, or for a regressor numbers, of the pairs. None: every row is a
            link.
        X_val : array-like of shape (n_validation, n_columns), optional
            Validation pairs of the same nodes, with the columns of X. They do not
            become edges of the graph.
        y_val : array-like of shape (n_validation,), optional
            Labels of the validation pairs; required if y is given. None: every row of
            X_val is a link. If training draws non-links and y_val has none, non-links
            are drawn once for the validation, too.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X is no table of pairs.
        ValueError
            If the input is invalid: less than two columns, unknown nodes, a node paired
            with itself, further columns that hold no finite numbers, different labels
            of one pair without features, one class without drawn non-links, y and X_val
            without y_val, or y_val or ``early_stopping=True`` without X_val. An earlier
            fit is then kept.
        MemoryError
            If a training step needs more memory than is available.
        KeyboardInterrupt
            If the user interrupts the training; the current weights are kept.
        """
        plan = partial(plan_links, X=X, y=y, X_val=X_val, y_val=y_val)
        return fit(self, plan, X=X, y=y, adjacency=None)

    def predict(self, X):
        """Predict the labels of pairs.

        Parameters
        ----------
        X : array-like of shape (n_pairs, `n_features_in_`)
            Pairs of nodes of the fit, linked or not, with their features.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Predicted labels.

        Raises
        ------
        ValueError
            If a node is unknown, or paired with itself, or columns are not those of
            ``fit``.
        NotFittedError
            If called before ``fit``.
        """
        outputs = self._outputs(X)  # which checks that there was a fit
        return self._label_encoding_.predict(outputs)

    def recommend(self, nodes, k=10, *, side="source", include_known=False):
        """Recommend the k most likely partners of nodes.

        Parameters
        ----------
        nodes : array-like of shape (n_nodes,)
            Nodes of the fit, by name or position.
        k : int, default=10
            Number of partners for each node; fewer if there are not as many.
        side : {"source", "target"}, default="source"
            Whether the nodes are sources, for which targets are found, or targets.
        include_known : bool, default=False
            Whether partners with a known link are candidates, too.

        Returns
        -------
        pandas.DataFrame
            Columns ``node``, ``partner``, the prediction (``probability`` of a link, or
            ``prediction`` of a regressor) and ``known``: whether the link was known at
            fit. Rows are sorted by node, as given, and prediction.

        Raises
        ------
        ImportError
            If pandas is not installed.
        ValueError
            If a node is unknown, ``fit`` was given features of the pairs, or a
            predictor has no class of non-links or a regressor several outputs.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        if self._context_.n_row_features:
            raise ValueError(
                "recommend takes nodes, but the rows of fit had "
                f"{self._context_.n_row_features} features beside them, which partners "
                "do not have. Use predict on pairs with these columns, or fit without."
            )
        return recommend(self, nodes, k, side=side, include_known=include_known)

    def _prepare(self, X, adjacency=None):
        """Refuse attention weights, which are those of nodes."""
        raise TypeError(
            "attention weights are those of nodes, rows and graphs, not of pairs: "
            f"{type(self).__name__} is not supported. For the edges that a prediction "
            "of pairs depends on, use skattn.inspection.explain with its default "
            "method."
        )

    def _prepare_part(self, X, adjacency=None):
        """Prepare pairs for an explanation by the removal of edges."""
        check_is_fitted(self)
        if adjacency is not None:
            raise ValueError(
                "adjacency= does not go with pairs, whose graph is that of fit. Leave "
                "it out."
            )
        pairs, features = read_asked(self, X)
        return PreparedPairs(X, pairs, features, self._context_)

    def _removal(self, prepared, of="edges"):
        """Return the outputs for pairs in a graph of which edges are removed."""
        if of != "edges":
            raise ValueError(
                f"explanations of pairs are about edges, got of={of!r}. Use of='edges' "
                "or, for columns of X, sklearn.inspection.permutation_importance."
            )
        device = resolve_device(self.device, strict=False)
        extent = self._input_spec_.extent(self.net_.objective)
        return PairRemoval(prepared, self.net_, collator(self, device), extent)

    def _outputs(self, X, adjacency=None):
        """Compute the outputs of the network for pairs, (n_pairs, n_outputs)."""
        check_is_fitted(self)
        return self._pair_outputs(*read_asked(self, X))

    @default_modes()
    def _pair_outputs(self, pairs, row_features):
        """Compute the outputs for positions of nodes and standardised features."""
        return self._pair_prediction()(pairs, row_features)

    def _pair_prediction(self):
        """Return the function of pairs and row features that computes outputs."""
        device = resolve_device(self.device, strict=False)
        return PairPrediction(self.net_, collator(self, device))
