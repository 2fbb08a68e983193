"""Picture of several graphs, such as the samples of a generator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph import layout
from skattn.graph._arguments import as_count
from skattn.graph._data_objects import check_list
from skattn.graph._graph_list import whole_graphs
from skattn.inspection._graph_picture import Edges, drawn_edges
from skattn.inspection._molecule_picture import (
    HEIGHT,
    WIDTH,
    molecule_image,
    parsed_molecule,
)
from skattn.inspection._node_colors import NodeColors, feature_colors
from skattn.inspection._pyplot import draw_legend, pyplot

MARGIN = 0.1
"""Share of a cell that is left free at each side."""


class GraphSamplesDisplay:
    """Picture of several graphs in a grid, such as the samples of a generator.

    Create it with :meth:`from_estimator` or :meth:`from_graphs`. Nodes with equal
    features have one colour in all graphs. Molecules are drawn by RDKit.

    Parameters
    ----------
    positions : list of ndarray of shape (n_nodes, 2)
        Positions of the nodes of each graph, in [0, 1].
    edges : list of Edges
        Edges of each graph.
    colors : NodeColors
        Colours of the nodes of all graphs, one graph after the other, and the legend.
    smiles : list of str or None
        SMILES of each molecule, None for a graph that is drawn as such.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture, after :meth:`plot`. The cell of a graph is a square of unit
        size; rows go downwards from 0.
    figure_ : matplotlib.figure.Figure
        Figure of the picture, after :meth:`plot`.

    See Also
    --------
    GraphDisplay : Picture of one graph.
    skattn.metrics.generation_report : Numbers beside the picture.

    Examples
    --------
    >>> from skattn.datasets import make_ladders
    >>> from skattn.inspection import GraphSamplesDisplay
    >>> graphs, _ = make_ladders(6, random_state=0)
    >>> display = GraphSamplesDisplay.from_graphs(graphs)
    >>> len(display.positions), display.positions[0].shape == (graphs[0].n_nodes, 2)
    (6, True)
    """

    def __init__(
        self,
        positions: list[NDArray[np.float64]],
        edges: list[Edges],
        colors: NodeColors,
        smiles: Sequence[str | None],
    ) -> None:
        self.positions = positions
        self.edges = edges
        self.colors = colors
        self.smiles = smiles

    @classmethod
    def from_estimator(
        cls, generator, n_samples=12, *, random_state=None, **options
    ) -> "GraphSamplesDisplay":
        """Draw samples from a fitted generator and compute their picture.

        Parameters
        ----------
        generator : estimator with ``sample``, or a Pipeline that ends in one
            A fitted generator of graphs. If the steps before it have an
            ``inverse_transform``, as those of a pipeline that begins with
            ``MoleculeGraph(derived=False)``, its texts are the SMILES of molecules.
        n_samples : int, default=12
            Number of graphs.
        random_state : int, RandomState instance or None, default=None
            Random state of the samples.
        **options : dict
            Further arguments of ``sample``, such as ``y``.

        Returns
        -------
        GraphSamplesDisplay
            The display, not yet drawn: use :meth:`plot`.

        Raises
        ------
        TypeError
            If `generator` has no ``sample``, or it returns no list of graphs.
        NotFittedError
            If the generator is not fitted.
        """
        n_samples = as_count(n_samples, "n_samples")
        steps = getattr(generator, "steps", None)
        last = generator if steps is None else steps[-1][1]
        if not hasattr(last, "sample"):
            raise TypeError(
                "generator must have a method sample, or be a pipeline that ends in an "
                f"estimator with one, got {type(last).__name__}. Use from_graphs for a "
                "list of graphs."
            )
        graphs = last.sample(n_samples, random_state=random_state, **options)
        smiles = None
        if steps is not None and hasattr(generator[:-1], "inverse_transform"):
            smiles = generator[:-1].inverse_transform(graphs)
        return cls.from_graphs(graphs, smiles=smiles)

    @classmethod
    def from_graphs(cls, graphs, *, smiles=None) -> "GraphSamplesDisplay":
        """Compute the picture of a list of graphs.

        Parameters
        ----------
        graphs : list of Graph
            Graphs with equal columns.
        smiles : list of str or None, optional
            SMILES of each graph that is a molecule, such as the result of
            :func:`skattn.graph.smiles_from_graphs`; None for another one.

        Returns
        -------
        GraphSamplesDisplay
            The display, not yet drawn: use :meth:`plot`.

        Raises
        ------
        ImportError
            If there are SMILES, and RDKit is not installed.
        TypeError
            If `graphs` is not a list of graphs, or `smiles` no list of texts.
        ValueError
            If there is no graph, `smiles` has another length, or a text is not valid.
        """
        graphs = whole_graphs(graphs)
        if not graphs:
            raise ValueError("graphs must hold at least one graph, got an empty list.")
        positions = [layout(graph) for graph in graphs]
        edges = [drawn_edges(graph.adjacency, graph.n_edges) for graph in graphs]
        return cls(
            positions, edges, feature_colors(graphs), _texts(smiles, len(graphs))
        )

    def plot(
        self, ax=None, *, n_columns=4, node_size=30, edge_color="0.6", title=None
    ) -> "GraphSamplesDisplay":
        """Draw the graphs with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure, two inches per graph.
        n_columns : int, default=4
            Number of graphs beside each other.
        node_size : float, default=30
            Area of a node in square points.
        edge_color : color, default="0.6"
            Colour of the edges.
        title : str, optional
            Title of the picture.

        Returns
        -------
        GraphSamplesDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_graphs = len(self.positions)
        n_columns = min(as_count(n_columns, "n_columns"), n_graphs)
        n_rows = -(-n_graphs // n_columns)
        if ax is None:
            size = (2 * n_columns, 2 * n_rows)
            _, ax = pyplot().subplots(figsize=size, layout="constrained")
        corners = [(k % n_columns, k // n_columns) for k in range(n_graphs)]
        is_molecule = np.array([text is not None for text in self.smiles])
        self._draw_graphs(ax, np.array(corners), ~is_molecule, node_size, edge_color)
        for number in np.flatnonzero(is_molecule).tolist():
            self._draw_molecule(ax, corners[number], str(self.smiles[number]))
        if not is_molecule.all():
            draw_legend(ax, self.colors)
        ax.set(aspect="equal", xlim=(0, n_columns), ylim=(n_rows, 0), title=title or "")
        ax.set_axis_off()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_graphs(
        self,
        ax: Any,
        corners: NDArray[np.int64],
        drawn: NDArray[np.bool_],
        node_size: float,
        edge_color: Any,
    ) -> None:
        from matplotlib.collections import LineCollection

        sizes = [len(places) for places in self.positions]
        # Rows go downwards, positions upwards.
        placed = [
            corner + MARGIN + (1 - 2 * MARGIN) * np.column_stack([x, 1 - y])
            for corner, (x, y) in zip(
                corners, (places.T for places in self.positions), strict=True
            )
        ]
        lines = [
            np.stack([places[edges.receivers], places[edges.senders]], axis=1)
            for places, edges, is_drawn in zip(placed, self.edges, drawn, strict=True)
            if is_drawn
        ]
        if lines:
            segments = list(np.concatenate(lines))
            ax.add_collection(LineCollection(segments, colors=edge_color, zorder=1))
        shown = np.repeat(drawn, sizes)
        colors = np.array(self.colors.of_nodes, dtype=object)[shown].tolist()
        ax.scatter(*np.concatenate(placed)[shown].T, s=node_size, c=colors, zorder=2)

    def _draw_molecule(self, ax: Any, corner: tuple[int, int], text: str) -> None:
        molecule = parsed_molecule(text)
        image = molecule_image(molecule, np.zeros(molecule.GetNumAtoms()), scale=1)
        (x, y), height = corner, HEIGHT / WIDTH
        middle = y + 0.5
        extent = (x, x + 1, middle + height / 2, middle - height / 2)
        ax.imshow(image, extent=extent, zorder=1)


def _texts(smiles: Any, n_graphs: int) -> list[str | None]:
    """Return a checked SMILES or None for each graph."""
    if smiles is None:
        return [None] * n_graphs
    check_list(smiles, "smiles", "texts", "Pass one SMILES or None per graph.")
    texts = list(smiles)
    if len(texts) != n_graphs:
        raise ValueError(
            f"smiles must have one text or None per graph ({n_graphs}), got "
            f"{len(texts)}."
        )
    for number, text in enumerate(texts):
        if text is not None and parsed_molecule(text) is None:
            raise ValueError(
                f"smiles must be valid, got {text!r} for graph {number}. Use None for "
                "a graph that is no molecule."
            )
    return texts
