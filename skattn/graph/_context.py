"""Context of a fit: its rows, and the graph or graphs that they belong to.

A `Context` splits its rows into a training and a held-out view, keeps the data for
prediction, and joins later rows to it. Later stages do not depend on the input's form.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._features import degree_features
from skattn.graph._graph import Graph
from skattn.graph._input_kind import FITTED_ON, InputKind

Check = Callable[[Any], Any]
Place = Callable[[sp.csr_array], sp.csr_array]
RowKind = Literal["table", "nodes", "graphs"]
View = Graph | GraphCollection
Views = tuple[View, View | None]
Rows = NDArray[np.int64]
Viewed = TypeVar("Viewed", Graph, GraphCollection)


class Context(ABC):
    """Rows of a fit, and the graph or graphs that they belong to.

    Code outside :mod:`skattn.graph` reads the facts below and never compares kinds.
    """

    kind: ClassVar[InputKind]
    """Kind of the input; `check_kind` compares that of later input with it."""
    rows: ClassVar[RowKind]
    """Kind of the objects with one label each: rows of a table with a graph made from
    their features, nodes of a given graph, or whole graphs."""
    new_rows_join: ClassVar[bool] = False
    """Whether later rows join the fitted ones, without attending to each other."""
    needs_adjacency: ClassVar[bool] = False
    """Whether later rows need their own adjacency."""

    @property
    def description(self) -> str:
        """Kind of the input as a noun phrase, such as "a list of graphs"."""
        return FITTED_ON[self.kind][0]

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""

    @abstractmethod
    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return the views of training and held-out rows, in their order.

        Parameters
        ----------
        train : ndarray of shape (n_train,), int64
            Positions of rows.
        held_out : ndarray of shape (n_held_out,), int64, or None
            Positions of other rows. Rows in neither are context, as training rows are.

        Returns
        -------
        train : Graph or GraphCollection
            A view with checked features; of a collection where every row is a graph.
        held_out : Graph, GraphCollection or None
            Another of the same kind; None if there are no such rows.
        """

    @abstractmethod
    def fitted(self) -> "Context":
        """Return the context reduced to the data for prediction.

        Returns
        -------
        Context
            A context that can `join`, not `split`.
        """

    @abstractmethod
    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return the view of later rows.

        Parameters
        ----------
        X : Graph, array-like, sparse matrix, DataFrame or list
            Of the kind that was fitted.
        adjacency : matrix of shape (n_rows, n_rows) or None, default=None
            Required if and only if fit was given one.
        check : callable
            As for `resolve`.

        Returns
        -------
        Graph or GraphCollection
            A view with checked features, one target per row of X.

        Raises
        ------
        ValueError
            If the input is of another kind than the fitted one.
        """

    def join_validation(self, X: Any, X_fit: Any, check: Check) -> View:  # noqa: ARG002
        """Return the view whose targets are validation rows.

        Parameters
        ----------
        X : Graph, array-like, sparse matrix, DataFrame or list
            Validation rows, of the kind that is fitted.
        X_fit : object
            The X of the fit.
        check : callable
            As for `resolve`.

        Returns
        -------
        Graph or GraphCollection
            A view of the graph of `split` if both are about one graph, else as `join`.
        """
        return self.join(X, check=check)

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return the function that places a matrix over nodes in the user's rows.

        Parameters
        ----------
        X : Graph, array-like, sparse matrix, DataFrame or list
            As for `join`.
        view : Graph or GraphCollection
            The result of `join`.

        Returns
        -------
        callable
            Takes a CSR matrix of shape (n_nodes, n_nodes), with a row per receiver in
            the view; returns it over the nodes that the user knows.
        """
        return lambda matrix: matrix


def two_views(view: View, train: Rows, held_out: Rows | None) -> Views:
    """Return the views of training and held-out rows; None for no held-out rows."""
    if held_out is None or len(held_out) == 0:
        return view[train], None
    return view[train], view[held_out]


def checked_view(view: Viewed, check: Check) -> Viewed:
    """Return the view with checked features; degree features where it has none."""
    graph = view if isinstance(view, Graph) else view.whole
    features = check(graph.X)
    if features is None:
        features = degree_features(graph.adjacency)
    return view.with_features(features)
