"""Picture of a graph, static or interactive."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph import Graph, layout
from skattn.graph._arguments import as_count
from skattn.graph._data_objects import as_array, check_list
from skattn.graph._named_parts import names_of
from skattn.graph._row_names import RowNames
from skattn.inspection._graph_page import graph_page, notebook_frame
from skattn.inspection._graph_picture import Edges, GraphPicture, drawn_edges
from skattn.inspection._node_colors import (
    NodeColors,
    label_colors,
    plain_colors,
)
from skattn.inspection._pyplot import axes, draw_legend

MOST_NAMES = 40
"""Number of nodes up to which their names are drawn."""


class GraphDisplay:
    """Picture of a graph: drawn by matplotlib, or an interactive HTML page.

    Create it with :meth:`from_graph`. In a notebook it is shown as the interactive
    page, in which nodes can be found, selected and moved closer.

    Parameters
    ----------
    positions : ndarray of shape (n_nodes, 2)
        Position of each node, in [0, 1].
    edges : Edges
        Edges that are drawn: receivers, senders and scores.
    names : list of str or None
        Name of each node; None for numbers from 0.
    colors : NodeColors
        Colour of each node, and the legend.
    title : str, default="Graph"
        Title of the picture.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture, after :meth:`plot`.
    figure_ : matplotlib.figure.Figure
        Figure of the picture, after :meth:`plot`.

    See Also
    --------
    skattn.graph.layout : Positions of the nodes.
    AttentionDisplay : Attention weights of a node or graph.

    Examples
    --------
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import GraphDisplay
    >>> club = load_karate_club()
    >>> display = GraphDisplay.from_graph(club.graph, y=club.target)
    >>> page = display.to_html()
    >>> page[:15], len(page) < 40_000
    ('<!doctype html>', True)
    """

    def __init__(
        self,
        positions: NDArray[np.float64],
        edges: Edges,
        names: list[str] | None,
        colors: NodeColors,
        *,
        title: str = "Graph",
    ) -> None:
        self.positions = positions
        self.edges = edges
        self.names = names
        self.colors = colors
        self.title = title

    @classmethod
    def from_graph(
        cls, G, *, y=None, labels=None, positions=None, max_edges=20_000
    ) -> "GraphDisplay":
        """Compute the picture of a graph.

        Parameters
        ----------
        G : Graph, or sparse or dense matrix of shape (n_nodes, n_nodes)
            The graph. Of a slice, ``graph[rows]``, the whole graph is shown.
        y : array-like of shape (n_targets,), optional
            Labels of the rows of `G`, which colour the nodes: by class, or on a scale
            if they are numbers of which some are not integers, or more than 20. Other
            nodes, and those with a missing label, are grey.
        labels : array-like of shape (n_nodes,), optional
            Text at each node; by default the names in ``G.nodes``, else numbers from 0.
        positions : array-like of shape (n_nodes, 2), optional
            Coordinates of the nodes, such as longitude and latitude or two components
            of an embedding; by default those of :func:`skattn.graph.layout`.
        max_edges : int, default=20000
            Maximum number of edges that are drawn, those with the largest weights. Two
            opposite edges of equal weight count as one.

        Returns
        -------
        GraphDisplay
            The display, not yet drawn: use :meth:`plot` or :meth:`to_html`.

        Raises
        ------
        TypeError
            If `G` is no graph or matrix, or `max_edges` no whole number.
        ValueError
            If the shapes of the arguments do not fit the graph, or a position is not
            finite.
        """
        graph = G if isinstance(G, Graph) else Graph(G)
        max_edges = as_count(max_edges, "max_edges", least=0)
        colors = _colors(graph, y)
        places = _unit_square(graph, positions)
        edges = drawn_edges(graph.adjacency, max_edges)
        title = f"Graph of {graph.n_nodes:,} nodes and {graph.n_edges:,} edges"
        return cls(places, edges, _names(graph, labels), colors, title=title)

    def plot(
        self, ax=None, *, node_size=None, edge_color="0.6", names=None, title=None
    ) -> "GraphDisplay":
        """Draw the graph with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure.
        node_size : float, optional
            Area of a node in square points; by default it depends on the number of
            nodes.
        edge_color : color, default="0.6"
            Colour of the edges. Their width is by weight.
        names : bool, optional
            Whether to write the names of the nodes; by default of up to 40 nodes.
        title : str, optional
            Title that replaces the display's own.

        Returns
        -------
        GraphDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes(ax)
        n_nodes = len(self.positions)
        self._draw_edges(ax, edge_color)
        size = node_size or float(np.clip(4000 / max(n_nodes, 1), 2, 60))
        ax.scatter(*self.positions.T, s=size, c=self.colors.of_nodes, zorder=2)
        if n_nodes <= MOST_NAMES if names is None else names:
            self._write_names(ax)
        draw_legend(ax, self.colors)
        ax.set(aspect="equal", title=self.title if title is None else title)
        ax.margins(0.05)
        ax.set_axis_off()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def to_html(self, path=None) -> str:
        """Make an interactive page of the graph, one file that needs no network.

        The page can be panned and zoomed, by pointer or keys. It shows the name and
        label of a node under the pointer, the neighbourhood of a node that is selected
        by a click or Enter, and edges above a threshold of the weights, and finds nodes
        by name.

        Parameters
        ----------
        path : str or path-like, optional
            File that is written.

        Returns
        -------
        str
            The page, whether or not it is also written to a file.
        """
        page = graph_page(self._picture())
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def _repr_html_(self) -> str:
        """Return the interactive page for a notebook."""
        return notebook_frame(self.to_html(), self.title)

    def _picture(self) -> GraphPicture:
        texts, notes = self.colors.texts, None
        if texts is not None:
            notes = [f"label {text}" if text else "no label" for text in texts]
        parts = self.positions, self.edges, self.names, self.colors
        return GraphPicture(*parts, notes=notes, title=self.title)

    def _draw_edges(self, ax: Any, color: Any) -> None:
        from matplotlib.collections import LineCollection

        edges = self.edges
        strength = np.ones(len(edges))
        if edges.scores is not None:
            strength = np.abs(edges.scores) / np.abs(edges.scores).max()
        ends = self.positions[edges.receivers], self.positions[edges.senders]
        widest = float(np.clip(30 / np.sqrt(len(edges) + 1), 0.3, 1.5))
        widths = widest * (0.2 + 0.8 * strength)
        lines = LineCollection(
            list(np.stack(ends, axis=1)), linewidths=widths, colors=color
        )
        lines.set_rasterized(len(edges) > 5000)
        ax.add_collection(lines)

    def _write_names(self, ax: Any) -> None:
        for node, place in enumerate(self.positions):
            name = str(node) if self.names is None else self.names[node]
            ax.annotate(
                name, place, (4, 4), textcoords="offset points", fontsize="small"
            )


def _colors(graph: Graph, y: Any) -> NodeColors:
    if y is None:
        return plain_colors(graph.n_nodes)
    y = RowNames.of_targets(graph).align(y, "y")
    return label_colors(y, graph.targets, graph.n_nodes)


def _names(graph: Graph, labels: Any) -> list[str] | None:
    """Return the given names, else the labels of the nodes, else None."""
    if labels is None:
        found = names_of(graph)
        return None if found is None else [str(name) for name in found]
    check_list(labels, "labels", "names", "Pass one name per node.")
    names = [str(label) for label in labels]
    if len(names) != graph.n_nodes:
        raise ValueError(
            f"labels must have one name per node ({graph.n_nodes}), got {len(names)}. "
            "Pass the names of all nodes, targets and context, in the order of the "
            "adjacency."
        )
    return names


def _unit_square(graph: Graph, positions: Any) -> NDArray[np.float64]:
    """Return given or computed positions, in [0, 1] with one scale of both axes."""
    if positions is None:
        return layout(graph)
    places = as_array(positions, "positions", "two numbers per node", np.float64)
    if places.shape != (graph.n_nodes, 2):
        raise ValueError(
            f"positions must have shape ({graph.n_nodes}, 2), one row per node, got "
            f"{places.shape}. Choose two columns, or leave positions out."
        )
    if not np.isfinite(places).all():
        row = int(np.argwhere(~np.isfinite(places))[0, 0])
        raise ValueError(
            f"positions must be finite, got {places[row].tolist()} for node {row}. "
            "Impute missing ones, or leave positions out."
        )
    if not len(places):
        return places
    low, high = places.min(axis=0), places.max(axis=0)
    width = (high - low).max() or 1.0
    return np.clip(0.5 + (places - (low + high) / 2) / width, 0, 1)
