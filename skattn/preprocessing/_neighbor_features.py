"""Transformer of graphs and tables to statistics of neighbours."""

from functools import partial
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    DocumentedMixin,
    Interval,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
    _get_output_config,
)
from skattn.graph import Graph
from skattn.graph._alignment import has_index
from skattn.graph._neighbor_search import SEARCH_METHODS
from skattn.graph._resolve import resolve
from skattn.preprocessing._answer_columns import AnswerColumns, Answers
from skattn.preprocessing._hop_statistics import (
    dense_columns,
    sparse_columns,
    walk_counts,
)
from skattn.preprocessing._known_answers import KnownAnswers
from skattn.preprocessing._node_identity import NodeIdentity
from skattn.preprocessing._numeric_features import check_numbers, check_statistics
from skattn.preprocessing._surroundings import after_fit, at_fit, check_context


class NeighborFeatures(DocumentedMixin, TransformerMixin, BaseEstimator):
    """Append statistics of neighbours to the features of nodes or rows.

    The result is a table with one row per target node, for any model of tables, such as
    gradient boosting: ``make_pipeline(NeighborFeatures(),
    HistGradientBoostingClassifier()).fit(G[train], y[train])``. Its columns are the
    features of the node, statistics of the features of its neighbours, numbers of
    neighbours, and statistics of the known answers ``y`` of its neighbours. Read more
    in the :doc:`user guide </guide/neighbor_features>`.

    Neighbours at hop k are the ends of walks of k edges, from receiver to sender,
    without self-loops. Means and deviations are weighted by the probability of the
    walk, which follows the edge weights. A walk of two edges may return to the node.

    Known answers are those of the rows of ``fit``. The nodes of ``fit`` are divided
    into ``cv`` folds, and a node gets the answers of the other folds alone, neither its
    own nor those that would reveal it as a difference. Other nodes get all known
    answers.

    Parameters
    ----------
    graph : Graph or None, default=None
        Graph that the rows of a DataFrame join by node label. The labels of the rows
        are the index or the column with the name of ``graph.nodes``, else an index of
        text.
    statistics : sequence of {"mean", "std", "min", "max"}, default=("mean", "std")
        Statistics of the neighbours' features. A node without neighbours has its own
        value as mean, minimum and maximum, and the deviation 0. Sparse features, which
        stay sparse, have means and deviations only.
    hops : int, default=2
        Number of hops. Each adds the same columns.
    degree : bool, default=True
        Whether to append the number of walks of each length: ``degree1`` is the number
        of senders, ``degree2`` the sum of theirs. Not for plain tables, whose rows all
        have ``n_neighbors``.
    answers : {"auto", "classes", "numbers"} or None, default="auto"
        Known answers of neighbours. "classes": the share of each class (of two classes,
        the second). "numbers": mean and deviation. Both with the number of walks to
        known answers; without any, share, mean and deviation are those of all answers
        outside the fold. "auto": "classes" for texts, booleans and at most 100
        distinct whole numbers, else "numbers"; nothing without ``y`` or with
        ``adjacency``. None: ``y`` is ignored.
    cv : int, default=5
        Number of folds of the nodes of ``fit``. With many, small folds a model can
        infer an answer from the difference to neighbouring rows.
    unlabeled : object, default=None
        Value in y that marks an unknown answer, such as -1 or NaN; NaN stands for any
        missing value (None, NaN, NA, NaT). None: all answers are known.
    passthrough : bool, default=True
        Whether the features of the node itself come first.
    n_neighbors : int, default=8
        Number of nearest neighbours of each row of a plain table; not used with a given
        graph.
    neighbor_search : {"auto", "exact", "approximate"}, default="auto"
        Method of their search, see :func:`~skattn.graph.knn_graph`.

    Attributes
    ----------
    n_features_in_ : int
        Number of features; 0 for a graph without features.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, if X has column names.

    See Also
    --------
    PositionalEncoding : Features of the edges alone, such as walks that return.
    skattn.AttentionEmbedder : Learned features of neighbourhoods.
    sklearn.preprocessing.TargetEncoder : Known answers by category, with folds too.

    Notes
    -----
    On a plain table, ``fit_transform(X, y)`` differs from ``fit(X, y).transform(X)``:
    in the former a row is not its own neighbour; in the latter X are new rows, each
    with a fitted row at distance 0. On a graph both are equal.

    References
    ----------
    Neville and Jensen, "Iterative classification in relational data", AAAI workshop on
    learning statistical models from relational data, 2000.

    Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes
    in classification and prediction problems", SIGKDD Explorations 3(1), 2001.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skattn.datasets import make_communities
    >>> from skattn.preprocessing import NeighborFeatures
    >>> G, y = make_communities(300, random_state=0)
    >>> model = make_pipeline(NeighborFeatures(), HistGradientBoostingClassifier())
    >>> model.fit(G[::2], y[::2]).score(G[1::2], y[1::2]) > 0.9
    True
    >>> NeighborFeatures(hops=1).fit(G[::2], y[::2]).get_feature_names_out()[4:]
    array(['mean1(x0)', 'mean1(x1)', 'mean1(x2)', 'mean1(x3)', 'std1(x0)',
           'std1(x1)', 'std1(x2)', 'std1(x3)', 'degree1', 'answer_share1(1)',
           'answer_count1'], dtype=object)
    """

    _parameter_constraints: ClassVar[dict] = {
        "graph": [Graph, None],
        "statistics": [list, tuple],
        "hops": [Interval(Integral, 1, None, closed="left")],
        "degree": ["boolean"],
        "answers": [StrOptions({"auto", "classes", "numbers"}), None],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "unlabeled": "no_validation",
        "passthrough": ["boolean"],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "neighbor_search": [StrOptions(set(SEARCH_METHODS))],
    }

    def __init__(  # noqa: PLR0913
        self,
        *,
        graph=None,
        statistics=("mean", "std"),
        hops=2,
        degree=True,
        answers="auto",
        cv=5,
        unlabeled=None,
        passthrough=True,
        n_neighbors=8,
        neighbor_search="auto",
    ):
        self.graph = graph
        self.statistics = statistics
        self.hops = hops
        self.degree = degree
        self.answers = answers
        self.cv = cv
        self.unlabeled = unlabeled
        self.passthrough = passthrough
        self.n_neighbors = n_neighbors
        self.neighbor_search = neighbor_search

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, adjacency=None):
        """Store the rows of a table, and the known answers of rows or targets.

        Parameters
        ----------
        X : Graph, or array-like or sparse matrix of shape (n_rows, n_features)
            A graph, whose targets are the rows, or a table. The rows of a table are the
            nodes of ``adjacency`` if it is given; else they join the parameter
            ``graph`` by node label if it is set; else a k-NN graph is made.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), optional
            Known answers of the rows or targets.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Graph of the rows: row ``i`` attends to row ``j`` where
            ``adjacency[i, j] != 0``.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If X is a list of graphs or sequences, or not numeric.
        ValueError
            If the input is invalid, such as NaN in a plain table, sparse features with
            extremes, or answers of other rows.
        """
        self._fit(X, y, adjacency)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None, *, adjacency=None):
        """Fit, then compute the columns of the same rows.

        Parameters
        ----------
        X : Graph, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`fit`.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), optional
            As for :meth:`fit`. A row's own answer has no influence on its columns.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`fit`.

        Returns
        -------
        ndarray or csr_array of shape (n_rows, n_features_out)
            As returned by :meth:`transform`; rows of a plain table are not neighbours
            of themselves.
        """
        around = self._fit(X, y, adjacency)
        return self._named(self._columns(around), X, adjacency)

    def transform(self, X, *, adjacency=None):
        """Compute the columns of rows or target nodes.

        Parameters
        ----------
        X : Graph, or array-like or sparse matrix of shape (n_rows, n_features)
            The same kind of input as in ``fit``. Neighbours of new rows of a table are
            fitted rows only. With known answers, a graph is that of ``fit``, or its
            nodes are found by their labels.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Adjacency over these rows; required if and only if ``fit`` was given one.

        Returns
        -------
        ndarray or csr_array of shape (n_rows, n_features_out)
            Columns in the order of :meth:`get_feature_names_out`; sparse if the
            features are.

        Raises
        ------
        ValueError
            If the input differs from that of ``fit`` in kind or in its features, or
            there are known answers and X is another graph.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        check = partial(check_numbers, self, reset=False)
        around = after_fit(self._context_, X, adjacency, check)
        return self._named(self._columns(around), X, adjacency)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features, with or without the column that names the nodes of
            ``graph``; None means those of ``fit``, or x0, x1, ...

        Returns
        -------
        ndarray of str
            The features, then such as ``mean1(x0)``, ``std2(x0)``, ``degree1``,
            ``answer_share1(yes)`` (``answer_mean1``, ``answer_std1``) and
            ``answer_count1``; the number is the hop.
        """
        check_is_fitted(self)
        if input_features is not None:
            key = self._context_.key_column
            input_features = [name for name in input_features if name != key]
        own = list(_check_feature_names_in(self, input_features))
        hops = range(1, self.hops + 1)
        names = own if self.passthrough else []
        names = names + [
            f"{statistic}{hop}({name})"
            for hop in hops
            for statistic in self.statistics
            for name in own
        ]
        if self._has_degree:
            names += [f"degree{hop}" for hop in hops]
        if self._known_answers_ is not None:
            names += self._known_answers_.names(self.hops)
        return np.array(names, dtype=object)

    def _fit(self, X, y, adjacency):
        """Learn from the rows, and return their surroundings."""
        check_statistics(self.statistics)
        context = resolve(
            X,
            adjacency=adjacency,
            graph=self.graph,
            n_neighbors=self.n_neighbors,
            neighbor_search=self.neighbor_search,
            check=partial(check_numbers, self, reset=True),
        )
        check_context(context)
        around = at_fit(context)
        answers = self._read(y, X, adjacency, context, around)
        self._identity_ = None
        if answers is not None and around.graph is not None:
            self._identity_ = NodeIdentity.of(around.graph, answers.nodes)
        self._known_answers_ = answers
        self._context_ = context.fitted()
        return around

    def _read(self, y, X, adjacency, context, around):
        """Return the known answers of a fit, None without any."""
        explicit = self.answers in ("classes", "numbers")
        if explicit and (y is None or context.needs_adjacency):
            reason = "y" if y is None else "rows that are known later, not adjacency="
            raise ValueError(
                f"answers={self.answers!r} needs {reason}. Set answers=None, or pass "
                "Graph(adjacency, X)[rows] and y[rows]."
            )
        if self.answers is None or y is None or context.needs_adjacency:
            return None
        (y,) = context.align(X, adjacency, y=y)
        read = Answers.of(y, context.n_rows, self.unlabeled)
        columns = AnswerColumns.of(read, self.answers)
        return KnownAnswers.of(columns, around.targets, self.cv)

    def _columns(self, around):
        """Return all columns of the rows of some surroundings."""
        cut = around.cut(self.hops)
        features = around.features_of(cut.nodes)
        blocks = self._feature_columns(cut, features) if self.n_features_in_ else []
        if self._has_degree:
            ones = np.ones((len(cut.nodes), 1))
            counts = walk_counts(cut.adjacency, ones, self.hops)
            blocks += [count[cut.rows] for count in counts]
        if self._known_answers_ is not None:
            blocks.append(self._answer_columns(cut, around.graph))
        if any(sparse.issparse(block) for block in blocks):
            return sparse.hstack(blocks, format="csr")
        return np.hstack([np.empty((len(cut.rows), 0)), *blocks])

    def _feature_columns(self, cut, features):
        own = [features[cut.rows]] if self.passthrough else []
        if not self.statistics:
            return own
        kind = sparse_columns if sparse.issparse(features) else dense_columns
        found = kind(cut.adjacency, features, cut.rows, self.statistics, self.hops)
        return own + found

    def _answer_columns(self, cut, graph):
        answers = self._known_answers_
        if self._identity_ is not None:
            answers = answers.moved_to(self._identity_.find(graph))
        here = answers.at(cut.nodes)
        return here.statistics(answers, cut.adjacency, cut.rows, self.hops)

    def _named(self, columns, X, adjacency):
        """Return the columns with the labels of nodes as index, for pandas output."""
        wanted = _get_output_config("transform", self)["dense"] == "pandas"
        if not wanted or has_index(X) or sparse.issparse(columns):
            return columns
        names = self._context_.row_names(X, adjacency)
        return columns if names.labels is None else names.index_rows(columns)

    @property
    def _has_degree(self):
        return self.degree and self._context_.rows != "table"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
