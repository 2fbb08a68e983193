"""Scores of edges, nodes or features that speak for or against answers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skattn.graph import Graph
from skattn.inspection._evidence import Evidence, Sign
from skattn.inspection._explanation_page import explanation_page
from skattn.inspection._explanation_picture import draw
from skattn.inspection._graph_page import notebook_frame
from skattn.inspection._names import Names, Part
from skattn.inspection._question import Of

Unit = Literal["log odds", "value", "component"]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Scores of edges, nodes or features by their effect on answers.

    Made by :func:`explain`. ``len(explanation)`` is the number of answers; a slice or
    ``explanation[i]`` is the explanation of some of them.

    Attributes
    ----------
    of : {"edges", "nodes", "features"}
        What the scores are about.
    method : str
        Method that computed them.
    unit : {"log odds", "value", "component"}
        Unit of answers and scores: log odds of the class, units of y, or a column of
        an embedding.
    classes : ndarray of shape (n_answers,)
        The explained class, or column of y or of the embedding.
    answer : ndarray of shape (n_answers,), float64
        The answers.
    without : ndarray of shape (n_answers,), float64
        The answers without any candidate: for edges, those of a row's own features. NaN
        for methods that do not remove anything.
    baseline : ndarray of shape (n_columns,) or None
        Features of a removed node or values of removed columns; None for edges. For a
        pipeline on a table, in the columns and units of its input if its steps have an
        inverse, else in those of the estimator's input.

    See Also
    --------
    explain : Make an explanation.
    fidelity : Measure how an answer changes with what it names.
    """

    of: Of
    method: str
    unit: Unit
    classes: NDArray[Any]
    answer: NDArray[np.float64]
    without: NDArray[np.float64]
    baseline: NDArray[np.float32] | None
    _row: NDArray[np.float32] | None
    """The baseline in the units of the estimator."""
    _evidence: tuple[Evidence, ...]
    _names: tuple[Names, ...]
    _parts: tuple[Part, ...]

    def __len__(self) -> int:
        return len(self.answer)

    def __getitem__(self, key: Any) -> "Explanation":
        rows = np.atleast_1d(np.arange(len(self))[key])
        return replace(
            self,
            classes=self.classes[rows],
            answer=self.answer[rows],
            without=self.without[rows],
            _evidence=tuple(self._evidence[row] for row in rows),
            _names=tuple(self._names[row] for row in rows),
            _parts=tuple(self._parts[row] for row in rows),
        )

    def __iter__(self) -> Iterator["Explanation"]:
        return (self[row] for row in range(len(self)))

    @property
    def own_share(self) -> NDArray[np.float64]:
        """Share of the answer that is left without any candidate, (n_answers,).

        ``without / answer``. For edges, it is near 1 where the own features decide. It
        is negative where the answer changes its sign without the candidates, above 1
        where it is larger in absolute value without them, and NaN for an answer of 0
        and for methods that do not remove anything.
        """
        unknown = np.full(len(self), np.nan)
        return np.divide(self.without, self.answer, out=unknown, where=self.answer != 0)

    @property
    def scores(self) -> Any:
        """Scores in the user's nodes and columns.

        Edges: a list with a csr_array (n_nodes, n_nodes) per answer, receivers in rows,
        senders in columns; the score of an undirected edge is in both places. Nodes: a
        list of ndarray of shape (n_nodes,). Features: ndarray of shape (n_answers,
        n_features). On a plain table, nodes are the fitted rows, then the rows of X.
        """
        return self._placed([each.scores for each in self._evidence])

    @property
    def exact(self) -> Any:
        """Whether a score is exact, in the form of `scores`.

        The automatic method estimates the smaller scores of large neighbourhoods by the
        gradient.
        """
        return self._placed([each.exact for each in self._evidence])

    def _placed(self, values: list[NDArray[Any]]) -> Any:
        pairs = list(zip(self._evidence, self._names, values, strict=True))
        if self.of == "edges":
            return [
                evidence.matrix(of_each, names.n_nodes)
                for evidence, names, of_each in pairs
            ]
        if self.of == "nodes":
            return [
                names.spread(evidence.ends[:, 0], of_each)
                for evidence, names, of_each in pairs
            ]
        if not pairs:
            return np.zeros((0, 0))
        table = np.zeros((len(pairs), len(self._names[0].features)), values[0].dtype)
        for row, (evidence, _, of_each) in zip(table, pairs, strict=True):
            row[evidence.ends[:, 0]] = of_each
        return table

    def top(self, k: int = 10, *, sign: Sign | None = None) -> list[tuple[Any, ...]]:
        """List the candidates with the largest scores of one answer.

        Parameters
        ----------
        k : int, default=10
            Maximum number of candidates.
        sign : {"for", "against"}, optional
            Positive or negative scores alone; by default both, by size.

        Returns
        -------
        list of tuple
            ``(receiver, sender, score)`` of edges, ``(node, score)`` of nodes or
            ``(feature, score)``, by name where there are names.

        Raises
        ------
        ValueError
            If the explanation is about several answers, or `k` or `sign` is invalid.
        """
        evidence, names = self._single("top")
        return [
            (*names.of(self.of, evidence.ends[at]), float(evidence.scores[at]))
            for at in evidence.best(k, sign)
        ]

    def subgraph(self, k: int = 10) -> Graph:
        """Cut the nodes of the `k` largest scores of one answer out of its graph.

        Parameters
        ----------
        k : int, default=10
            Number of candidates.

        Returns
        -------
        Graph
            The explained node or pair, the nodes of the candidates, and all edges
            between them. Its targets are the explained nodes; all nodes if the answer
            is about a whole graph.

        Raises
        ------
        ValueError
            If the explanation is about several answers, or about features.
        """
        evidence, names = self._single("subgraph")
        if self.of == "features":
            raise ValueError(
                "subgraph needs an explanation of edges or nodes, got one of features. "
                'Use explain(..., of="edges").'
            )
        nodes = np.unique(evidence.ends[evidence.best(k)] // names.stride)
        part = self._parts[0]
        if not names.targets:
            return part.subgraph(nodes)
        nodes = np.union1d(nodes, names.targets)
        return part.subgraph(nodes)[np.searchsorted(nodes, names.targets)]

    def to_frame(self) -> Any:
        """Return all scores as a table, sorted by size within each answer.

        Returns
        -------
        DataFrame
            Columns ``row`` (position of the answer), ``receiver`` and ``sender``, or
            ``node``, or ``feature``, then ``score`` and ``exact``; names where there
            are any.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        import pandas as pd

        ends = {"edges": ["receiver", "sender"], "nodes": ["node"]}
        columns = ends.get(self.of, ["feature"])
        parts = []
        for number, (evidence, names) in enumerate(
            zip(self._evidence, self._names, strict=True)
        ):
            order = evidence.order(None)
            named = [names.of(self.of, end) for end in evidence.ends[order]]
            parts.append(
                pd.DataFrame(
                    {
                        "row": np.full(len(order), number),
                        **{
                            column: [end[k] for end in named]
                            for k, column in enumerate(columns)
                        },
                        "score": evidence.scores[order],
                        "exact": evidence.exact[order],
                    }
                )
            )
        if not parts:
            return pd.DataFrame(columns=["row", *columns, "score", "exact"])
        return pd.concat(parts, ignore_index=True)

    def to_networkx(self, k: int | None = None) -> Any:
        """Convert the edges or nodes of one answer to a directed graph of networkx.

        Parameters
        ----------
        k : int, optional
            Number of candidates with the largest scores; all if not given.

        Returns
        -------
        networkx.DiGraph
            An edge from the receiver to the sender, as in `Graph.from_networkx`, with
            the attribute ``score``, or nodes with it.

        Raises
        ------
        ImportError
            If networkx is not installed.
        ValueError
            If the explanation is about several answers, or about features.
        """
        evidence, names = self._single("to_networkx")
        if self.of == "features":
            raise ValueError(
                "to_networkx needs an explanation of edges or nodes, got one of "
                "features. Use to_frame()."
            )
        import networkx as nx

        graph = nx.DiGraph()
        for at in evidence.best(k):
            score, named = (
                float(evidence.scores[at]),
                names.of(self.of, evidence.ends[at]),
            )
            if self.of == "nodes":
                graph.add_node(named[0], score=score)
                continue
            graph.add_edge(*named, score=score)
            if evidence.both_ways:
                graph.add_edge(*named[::-1], score=score)
        return graph

    def plot(self, ax: Any = None, *, k: int = 10, title: str | None = None) -> Any:
        """Draw the explanation of one answer.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure.
        k : int, default=10
            Number of edges, bars or named nodes with the largest scores.
        title : str, optional
            Title that replaces the default one.

        Returns
        -------
        matplotlib.axes.Axes
            The picture, see :class:`ExplanationDisplay`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the explanation is about several answers.
        """
        return draw(self, ax, k=k, title=title)

    def to_html(self, path: Any = None) -> str:
        """Make a page of the explanation of one answer, which needs no network.

        Edges and nodes of a graph are an interactive graph, as those of
        :class:`GraphDisplay`; rows of a table, steps and features have bars.

        Parameters
        ----------
        path : str or path-like, optional
            File that is written.

        Returns
        -------
        str
            The page, whether or not it is also written to a file.

        Raises
        ------
        ValueError
            If the explanation is about several answers.
        """
        page = explanation_page(self)
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def _repr_html_(self) -> str:
        """Return the page for a notebook, or a line for several answers."""
        if len(self) != 1:
            return f"<pre>{escape(repr(self))}</pre>"
        return notebook_frame(self.to_html(), self._headline())

    def _single(self, method: str) -> tuple[Evidence, Names]:
        if len(self) != 1:
            raise ValueError(
                f"{method} needs the explanation of one answer, got {len(self)}. "
                f"Choose one: explanation[0].{method}()."
            )
        return self._evidence[0], self._names[0]

    def __repr__(self) -> str:
        if len(self) != 1:
            return (
                f"Explanation(of={self.of!r}, method={self.method!r}, "
                f"n_answers={len(self)})"
            )
        return self._sentence()

    def _headline(self) -> str:
        """Return the answer as text, and the answer without any candidate."""
        names = self._names[0]
        text = f"{names.title}: {self.unit} {self.answer[0]:.3g}"
        if self.unit == "log odds":
            text = (
                f"{names.title}: class {self.classes[0]!s}, log odds "
                f"{self.answer[0]:.3g}"
            )
        if np.isfinite(self.without[0]):
            nouns = {"edges": "neighbour", "features": "feature", "nodes": names.noun}
            text += f"; {self.without[0]:.3g} without any {nouns[self.of]}"
        return text

    def _sentence(self) -> str:
        """Return the answer and the candidates with the largest scores as text."""
        arrow = " <- "  # from the sender to the receiver
        most = [
            f"{arrow.join(str(name) for name in each[:-1])} ({each[-1]:+.2g})"
            for each in self.top(3)
        ]
        text = self._headline()
        return f"{text}; most: {', '.join(most)}" if most else text
