"""Contexts: the rows of a fit and the graph or graphs that they belong to.

A `Context` splits its rows into training and held-out views, keeps the data that
predictions need, and adds the rows of a prediction. Code outside this package does not
depend on the form of the input.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._alignment import has_index
from skattn.graph._collection import GraphCollection
from skattn.graph._features import degree_features
from skattn.graph._field import Extent, ReceptiveField
from skattn.graph._graph import Graph
from skattn.graph._input_kind import FITTED_ON, InputKind
from skattn.graph._row_names import RowNames
from skattn.graph._schema import GraphSchema

Check = Callable[..., Any]
Place = Callable[[sp.csr_array], sp.csr_array]
RowKind = Literal["table", "nodes", "graphs", "sequences", "pairs"]
View = Graph | GraphCollection
Views = tuple[View, View | None]
Rows = NDArray[np.int64]
Viewed = TypeVar("Viewed", Graph, GraphCollection)


@dataclass(frozen=True, eq=False)
class Part:
    """A view of some nodes of the graph that `Context.join` would return."""

    view: View
    """The induced graph, except that the farthest nodes have no senders."""
    nodes: Rows | None = None
    """(n_nodes,) ascending positions of its nodes in the whole; None if it is the
    whole."""


class Context(ABC):
    """Rows of a fit and the graph or graphs that they belong to."""

    kind: ClassVar[InputKind]
    """Kind of the input, which `check_kind` compares at prediction."""
    rows: ClassVar[RowKind]
    """Kind of the labelled objects: rows of a table (k-NN graph), nodes of a given
    graph, graphs, or sequences, which are graphs of their patches."""
    new_rows_join: ClassVar[bool] = False
    """Whether rows at prediction attend to fitted rows, and never to each other."""
    needs_adjacency: ClassVar[bool] = False
    """Whether prediction needs an adjacency of its rows."""

    @property
    def description(self) -> str:
        """Kind of the input as a noun phrase, such as "a list of graphs"."""
        return FITTED_ON[self.kind][0]

    @property
    def has_many_graphs(self) -> bool:
        """Whether every row is a whole graph or sequence."""
        return self.rows in ("graphs", "sequences")

    @property
    def key_column(self) -> Any:
        """Name of a column of X that is no feature but names the nodes, or None."""
        return None

    @property
    def search_method(self) -> str | None:
        """Method of the search for neighbours, None without a k-NN graph."""
        return None

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""

    @abstractmethod
    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return a view of the training rows and one of the held-out rows, or None.

        The arguments are positions of rows; rows in neither are context in both views.
        """

    @abstractmethod
    def fitted(self) -> "Context":
        """Return a copy with the data of `join` alone; it cannot `split`."""

    def check_fitted(self, n_features: int, schema: GraphSchema) -> None:  # noqa: B027
        """Raise ValueError unless the data of `join` fit together.

        `n_features` is the number of features at fit, and `schema` that of the graphs,
        whose features are encoded; data of a file may be wrong.
        """

    @abstractmethod
    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return the view for a prediction, with one target per row of X.

        `adjacency` is required if `needs_adjacency`; `check` is as for `resolve`.
        Raises ValueError if the input is of another kind than the fitted one.
        """

    def field(self, X: Any, extent: Extent, check: Check) -> ReceptiveField | View:  # noqa: ARG002
        """Return the receptive field of a prediction without `adjacency`.

        The view of `join` if the whole is to be evaluated. Costs as much as the field
        is large; X is checked once.
        """
        return self.join(X, check=check)

    def part(self, X: Any, extent: Extent, check: Check) -> Part:  # noqa: ARG002
        """Return a view of the nodes within ``extent.radius`` hops of the rows of X.

        For an explanation without `adjacency`, of which edges are removed. The whole
        view of `join` unless the context is much larger than what X adds to it.
        """
        return Part(self.join(X, check=check))

    def join_validation(self, X: Any, X_fit: Any, check: Check) -> View:  # noqa: ARG002
        """Return the view for validation; of the fitted graph if X is a slice of it."""
        return self.join(X, check=check)

    def row_names(self, X: Any, adjacency: Any = None) -> RowNames:  # noqa: ARG002
        """Return the names of the rows of X, arguments as for `join`.

        The rows of a plain table, of graphs and of sequences have none: labels belong
        to them by position, as in scikit-learn.
        """
        return RowNames(None)

    def align(self, X: Any, adjacency: Any = None, **values: Any) -> tuple[Any, ...]:
        """Return labels and weights in the order of the rows of X, by name.

        `values` are by parameter name; only a Series or DataFrame is changed. Raises
        ValueError if its labels are not those of the rows.
        """
        if not any(has_index(each) for each in values.values()):
            return tuple(values.values())
        names = self.row_names(X, adjacency)
        return tuple(names.align(each, name) for name, each in values.items())

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return the function that reorders a matrix over nodes to the nodes of X.

        X is the argument and `view` the result of `join`. The returned function takes a
        CSR matrix of shape (n_nodes, n_nodes) over the nodes of the view.
        """
        return lambda matrix: matrix


def two_views(view: View, train: Rows, held_out: Rows | None) -> Views:
    """Return views of the training and of the held-out rows, None if there are none."""
    if held_out is None or len(held_out) == 0:
        return view[train], None
    return view[train], view[held_out]


def check_rows(features: Any, n_rows: int, n_features: int) -> None:
    """Raise ValueError unless features are a finite matrix of this shape."""
    values = features.data if sp.issparse(features) else np.asarray(features)
    if features.shape != (n_rows, n_features) or features.dtype.kind != "f":
        raise ValueError(
            f"it has {features.dtype} features of shape {features.shape} instead of "
            f"{(n_rows, n_features)}"
        )
    if not np.isfinite(values).all():
        raise ValueError("it has features that are not finite")


def checked_view(view: Viewed, check: Check) -> Viewed:
    """Return the view with checked features, or degree features if it has none."""
    graph = view if isinstance(view, Graph) else view.whole
    features = check(graph.X)
    if features is None:
        features = degree_features(graph.adjacency)
    return view.with_features(features)
