"""Picture of attention weights, in the manner of scikit-learn's displays."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.inspection._radial_layout import radial_layout
from skattn.inspection._shown_graph import (
    Kind,
    check_index,
    neighbourhood,
    shown_graph,
)
from skattn.inspection._steps import Steps

MOST_TICKS = 30
"""Number of names that fit on an axis of a heat map."""


class AttentionDisplay:
    """Picture of the attention weights of a node, row, graph or sequence.

    Create it with :meth:`from_estimator`. The parameters are kept as attributes.

    Parameters
    ----------
    weights : csr_array of shape (n_nodes, n_nodes)
        ``weights[i, j]`` is the weight that receiver i gives to sender j. In "ego" and
        "bars" node 0 is the receiver, and nodes are in breadth-first order from it.
    names : list of str
        Name of each node.
    kind : {"ego", "bars", "heatmap"}, default="ego"
        "ego": the receiver, its senders around it, colour and width of an arrow by
        attention weight. "bars": a bar per sender. "heatmap": the matrix.
    title : str, default=""
        Title of the picture.
    unit : str, default="node"
        Noun for a node on the axes: "node", "row" or "step".

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture.
    figure_ : matplotlib.figure.Figure
        Figure of the picture.

    See Also
    --------
    attention_weights : The matrices of all layers and heads.

    Examples
    --------
    >>> from skattn import GraphAttentionClassifier
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import AttentionDisplay
    >>> club = load_karate_club()
    >>> clf = GraphAttentionClassifier(max_epochs=5, random_state=0)
    >>> clf = clf.fit(club.graph, club.target)
    >>> display = AttentionDisplay.from_estimator(clf, club.graph, node=16)
    >>> sorted(display.names)
    ['16', '5', '6']
    """

    def __init__(
        self,
        weights: sp.csr_array,
        names: list[str],
        *,
        kind: Kind = "ego",
        title: str = "",
        unit: str = "node",
    ) -> None:
        self.weights = weights
        self.names = names
        self.kind: Kind = kind
        self.title = title
        self.unit = unit

    @classmethod
    def from_estimator(  # noqa: PLR0913
        cls,
        estimator,
        X,
        *,
        adjacency=None,
        row=0,
        node=None,
        layer=-1,
        head=None,
        hops=1,
        n_senders=16,
        kind="auto",
        ax=None,
        **plot_options,
    ):
        """Compute the attention weights of a fitted estimator and draw them.

        Parameters
        ----------
        estimator : estimator of skattn, Pipeline or search
            As for :func:`attention_weights`.
        X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
            As for ``estimator.predict``, or ``transform``.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for ``estimator.predict``.
        row : int, default=0
            Position in X of the target, table row, graph or sequence to show.
        node : label or int, optional
            Receiver to show: its label if the graph has labels, else its position.
            By default the target `row`, and all nodes if `row` is a whole graph.
        layer : int, default=-1
            Index into the layers of :func:`attention_weights`.
        head : int, optional
            Index of a head; by default the mean of all heads.
        hops : int, default=1
            Distance from the receiver up to which senders are shown, all with the
            weights of the one layer.
        n_senders : int, default=16
            Maximum number of senders shown per receiver, those with the largest
            weights.
        kind : {"auto", "ego", "bars", "heatmap"}, default="auto"
            Kind of the picture. "auto" is "bars" for a plain table, "heatmap" for a
            whole graph or sequence, else "ego".
        ax : matplotlib.axes.Axes, optional
            As for :meth:`plot`.
        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        AttentionDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If it is no estimator of skattn, pipeline or search of one.
        ValueError
            If a row, node, layer or head does not exist, or the input is of another
            kind or width than at ``fit``.
        NotFittedError
            If the estimator is not fitted.
        """
        check_index("hops", hops, 1)
        check_index("n_senders", n_senders, 1)
        if kind not in ("auto", *get_args(Kind)):
            raise ValueError(
                f"kind must be 'auto' or one of {get_args(Kind)}, got {kind!r}."
            )
        steps = Steps.of(estimator)
        shown = shown_graph(steps.estimator, steps.prepare(X, adjacency), row)
        if node is not None:
            shown = replace(shown, receiver=shown.position(node))
        if kind == "auto":
            kind = shown.kind
        shown.check_kind(kind)
        matrix, title = shown.matrix(layer, head)
        if kind == "heatmap" or shown.receiver is None:
            nodes, weights = list(range(shown.n_nodes)), matrix
        else:
            nodes, weights = neighbourhood(matrix, shown.receiver, hops, n_senders)
            title = f"{shown.name_of_receiver}: {weights[0, 0]:.2f} on itself\n{title}"
        names = [shown.name(node) for node in nodes]
        display = cls(weights, names, kind=kind, title=title, unit=shown.unit)
        return display.plot(ax, **plot_options)

    def plot(self, ax=None, *, cmap="viridis_r", colorbar=True, title=None):
        """Draw the attention weights.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure.
        cmap : str or matplotlib.colors.Colormap, default="viridis_r"
            Colours of the weights, from 0 to the largest.
        colorbar : bool, default=True
            Whether to add a colour bar, where colours show weights.
        title : str, optional
            Title that replaces the display's own.

        Returns
        -------
        AttentionDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = pyplot()
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        draw = {"ego": self._ego, "bars": self._bars, "heatmap": self._heat_map}
        colours = draw[self.kind](ax, plt.get_cmap(cmap))
        if colours is not None and colorbar:
            ax.figure.colorbar(colours, ax=ax, label="attention weight")
        ax.set_title(self.title if title is None else title)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _ego(self, ax, cmap):
        """Draw an arrow from every sender to its receiver, on rings by distance."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        places = radial_layout(self.weights)
        edges = self.weights.tocoo()
        ends = list(zip(edges.row.tolist(), edges.col.tolist(), strict=True))
        weights = {
            end: w for end, w in zip(ends, edges.data, strict=True) if len({*end}) > 1
        }
        most = max(weights.values(), default=0) or 1.0
        colours = ScalarMappable(Normalize(0, most), cmap)
        for (receiver, sender), weight in weights.items():
            bend = 0.12 if (sender, receiver) in weights else 0
            arrow = {
                "arrowstyle": "-|>",
                "color": colours.to_rgba(weight),
                "linewidth": 0.8 + 2.2 * weight / most,
                "connectionstyle": f"arc3,rad={bend}",
                "shrinkA": 5,
                "shrinkB": 7,
            }
            ax.annotate("", places[receiver], places[sender], arrowprops=arrow)
        fill = ["black"] + ["white"] * (len(places) - 1)
        ax.scatter(*places.T, s=70, color=fill, edgecolors="black", zorder=3)
        for name, place in zip(self.names[1:], places[1:], strict=True):
            _write_beside(ax, name, place)
        reach = 1.2 * max(1, np.abs(places).max())
        ax.set(xlim=(-1.3 * reach, 1.3 * reach), ylim=(-reach, reach), aspect="equal")
        ax.set_axis_off()
        return colours

    def _bars(self, ax, cmap):
        """Draw a bar per sender of the first node, the largest at the top."""
        weights = self.weights[[0]].tocoo()
        order = np.argsort(weights.data, kind="stable")
        names = [self.names[sender] for sender in weights.col[order]]
        widths = weights.data[order]
        ax.barh(range(len(names)), widths, tick_label=names, color=cmap(0.6))
        ax.set(xlabel="attention weight", ylabel=f"sender ({self.unit})")

    def _heat_map(self, ax, cmap):
        """Draw the matrix, receivers in rows; entries without an edge stay blank."""
        edges = self.weights.tocoo()
        matrix = np.full(edges.shape, np.nan)
        matrix[edges.row, edges.col] = edges.data
        image = ax.imshow(matrix, cmap=cmap, vmin=0)
        ax.set(xlabel=f"sender ({self.unit})", ylabel=f"receiver ({self.unit})")
        if len(self.names) <= MOST_TICKS:
            ax.set_xticks(range(len(self.names)), self.names, rotation=90)
            ax.set_yticks(range(len(self.names)), self.names)
        return image


def _write_beside(ax: Any, name: str, place: NDArray[np.float64]) -> None:
    """Write a name on the outer side of a node."""
    x, y = place / np.hypot(*place)
    side = int(np.sign(x)) if abs(x) > 0.3 else 0
    height = int(np.sign(y)) if abs(y) > 0.3 else 0
    ax.annotate(
        name,
        place,
        (8 * x, 8 * y),
        textcoords="offset points",
        ha={-1: "right", 0: "center", 1: "left"}[side],
        va={-1: "top", 0: "center", 1: "bottom"}[height],
        fontsize="small",
        bbox={"color": "white", "alpha": 0.6, "pad": 0.5},
    )


def pyplot() -> Any:
    """Return matplotlib.pyplot, which is imported for pictures alone."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Pictures need matplotlib: pip install 'skattn[plot]'."
        ) from error
    return plt
