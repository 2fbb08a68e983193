"""Pictures of explanations, in the manner of scikit-learn's displays."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph import layout
from skattn.inspection._attention_display import pyplot
from skattn.inspection._explain import explain
from skattn.inspection._explanation import Explanation

FOR, AGAINST = "#c0392b", "#2471a3"
"""Colours of positive and negative scores."""
GREY = "0.75"
MAX_NAMES = 40
"""Number of nodes up to which all have their names in the picture."""


class ExplanationDisplay:
    """Picture of what one answer depends on.

    Create it with :meth:`from_estimator`, or from an explanation with
    ``explanation.plot()``. Red speaks for the answer, blue against it.

    Parameters
    ----------
    explanation : Explanation
        Explanation of one answer.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture.
    figure_ : matplotlib.figure.Figure
        Figure of the picture.

    Raises
    ------
    ValueError
        If the explanation is about several answers.

    See Also
    --------
    explain : Make an explanation.
    AttentionDisplay : Picture of attention weights.

    Examples
    --------
    >>> from skattn import GraphAttentionClassifier
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import ExplanationDisplay
    >>> club = load_karate_club()
    >>> clf = GraphAttentionClassifier(max_epochs=5, random_state=0)
    >>> clf = clf.fit(club.graph, club.target)
    >>> display = ExplanationDisplay.from_estimator(clf, club.graph[[16]], k=3)
    >>> display.ax_.get_title().startswith("node 16")
    True
    """

    def __init__(self, explanation: Explanation) -> None:
        explanation._single("ExplanationDisplay")
        self.explanation = explanation

    @classmethod
    def from_estimator(cls, estimator, X, *, k=10, ax=None, **options):
        """Explain the answer of a fitted estimator and draw it.

        Parameters
        ----------
        estimator : estimator of skattn, Pipeline or search
            As for :func:`explain`.
        X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
            Input with one row, as for :func:`explain`.
        k : int, default=10
            Number of edges, bars or named nodes.
        ax : matplotlib.axes.Axes, optional
            As for :meth:`plot`.
        **options : dict
            Further arguments of :func:`explain`.

        Returns
        -------
        ExplanationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If X has several rows, or as :func:`explain`.
        NotFittedError
            If the estimator is not fitted.
        """
        return cls(explain(estimator, X, **options)).plot(ax, k=k)

    def plot(self, ax=None, *, k=10, title=None):
        """Draw the explanation.

        Edges of a graph are drawn around the answer's node; on a plain table a bar
        shows the answer without neighbours, then one for each fitted row. The nodes of
        a graph have the colour of their score, the steps of a sequence a strip above
        its values. Features have bars.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure.
        k : int, default=10
            Number of edges, bars or named nodes with the largest scores.
        title : str, optional
            Title that replaces the first part of the explanation's text.

        Returns
        -------
        ExplanationDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = pyplot()
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        names = self.explanation._names[0]
        if self.explanation.of == "features" or names.n_fitted is not None:
            self._bars(ax, k)
        elif self.explanation.of == "edges":
            self._edges(ax, k)
        elif names.noun == "step":
            self._steps(ax)
        else:
            self._nodes(ax, k)
        known = self.explanation._headline()
        ax.set_title(known if title is None else title, fontsize="medium")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _bars(self, ax: Any, k: int) -> None:
        """Draw a bar for each of the largest scores, the own share first."""
        top = self.explanation.top(k)
        labels = [str(each[-2]) for each in top]
        values = [each[-1] for each in top]
        own = float(self.explanation.without[0])
        if np.isfinite(own) and self.explanation.of == "edges":
            labels, values = ["itself", *labels], [own, *values]
        colours = [FOR if value > 0 else AGAINST for value in values]
        ax.barh(range(len(values)), values, color=colours, tick_label=labels)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.invert_yaxis()
        ax.set_xlabel(self.explanation.unit)

    def _edges(self, ax: Any, k: int) -> None:
        """Draw the best edges in colour, other edges between their nodes in grey."""
        part = self.explanation[0]
        evidence, names = part._single("plot")
        chosen = evidence.order(None)[:k]
        ends = evidence.ends[chosen]
        nodes = np.unique(ends)
        if names.target is not None:
            nodes = np.union1d(nodes, [names.target])
        adjacency = part._graphs[0].base.adjacency[nodes][:, nodes]
        at = layout(adjacency, random_state=0)
        _lines(ax, at, _pairs(adjacency), colour=GREY, width=0.8)
        scores = evidence.scores[chosen]
        size = np.abs(scores).max(initial=0) or 1.0
        for end, score in zip(np.searchsorted(nodes, ends), scores, strict=True):
            colour = FOR if score > 0 else AGAINST
            width = 0.8 + 3.2 * abs(score) / size
            _lines(ax, at, end[None], colour=colour, width=width, above=2)
        is_target = nodes == names.target
        fill = np.where(is_target, "black", "white")
        ax.scatter(*at.T, s=60, c=fill, edgecolors="black", zorder=3)
        _write(ax, at, [str(names.node(int(node))) for node in nodes])
        ax.set_axis_off()

    def _nodes(self, ax: Any, k: int) -> None:
        """Draw a graph whose nodes have the colours of their scores."""
        evidence, names = self.explanation._single("plot")
        graph = self.explanation._graphs[0].base
        scores = self.explanation.scores[0]
        size = np.abs(scores).max(initial=0) or 1.0
        at = layout(graph.adjacency, random_state=0)
        _lines(ax, at, _pairs(graph.adjacency), colour=GREY, width=1.2)
        shown = ax.scatter(
            *at.T, s=120, c=scores, cmap="RdBu_r", vmin=-size, vmax=size,
            edgecolors="black", zorder=3,
        )  # fmt: skip
        ax.figure.colorbar(shown, ax=ax, label=self.explanation.unit)
        named = evidence.ends[evidence.order(None)[:k], 0]
        texts = [""] * graph.n_nodes
        for node in range(graph.n_nodes) if graph.n_nodes <= MAX_NAMES else named:
            texts[int(node)] = str(names.node(int(node)))
        _write(ax, at, texts)
        ax.set_axis_off()

    def _steps(self, ax: Any) -> None:
        """Draw the channels of a sequence over a strip of the steps' scores."""
        graph, names = self.explanation._graphs[0], self.explanation._names[0]
        scores = self.explanation.scores[0]
        size = np.abs(scores).max(initial=0) or 1.0
        channels = np.asarray(graph.X)[:, : len(names.features)]
        low, high = float(channels.min()), float(channels.max())
        extent = (-0.5, len(scores) - 0.5, low, high if high > low else low + 1)
        shown = ax.imshow(
            scores[None], aspect="auto", extent=extent, cmap="RdBu_r", vmin=-size,
            vmax=size, alpha=0.6,
        )  # fmt: skip
        for name, channel in zip(names.features, channels.T, strict=True):
            ax.plot(channel, linewidth=1, label=str(name))
        if len(names.features) > 1:
            ax.legend(title="channel", fontsize="small")
        ax.set(xlabel="step", ylabel="value")
        ax.figure.colorbar(shown, ax=ax, label=self.explanation.unit)


def _pairs(adjacency: sp.csr_array) -> NDArray[np.int64]:
    """Return each pair of connected nodes once, (n_pairs, 2)."""
    entries = sp.coo_array(adjacency)
    ends = np.sort(np.stack(entries.coords, 1), axis=1)
    ends = ends[ends[:, 0] != ends[:, 1]]
    return np.unique(ends, axis=0).astype(np.int64)


def _lines(
    ax: Any, at: NDArray[Any], pairs: NDArray[Any], *, colour: str, width: float,
    above: int = 1,
) -> None:  # fmt: skip
    from matplotlib.collections import LineCollection

    lines = LineCollection(at[pairs], colors=colour, linewidths=width, zorder=above)
    ax.add_collection(lines)


def _write(ax: Any, at: NDArray[Any], texts: list[str]) -> None:
    for place, text in zip(at, texts, strict=True):
        ax.annotate(
            text, place, (5, 5), textcoords="offset points", fontsize="small", zorder=4
        )
