"""Picture of the attention of a generator while a graph grows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph import smiles_from_graphs
from skattn.graph._arguments import as_count, check_choice
from skattn.inspection._growth_attention import GrowthAttention, growth_attention
from skattn.inspection._growth_picture import (
    GraphCells,
    MoleculeCells,
    Step,
    edge_ends,
)
from skattn.inspection._node_colors import feature_colors
from skattn.inspection._pyplot import draw_legend, pyplot
from skattn.inspection._shown_graph import check_index

MOST_STEPS = 12
"""Number of steps that are shown by default."""
TEXT = 0.18
"""Height of the text above a step, whose picture has unit size."""
SHARE = 0.7
"""Part of the colour map in use, so that letters on it can be read."""


class GrowthAttentionDisplay:
    """Picture of the steps in which a graph grows, with their attention weights.

    Create it with :meth:`from_estimator`, or from a result of
    :func:`growth_attention`. In every step the new node and its edges are blue. Older
    nodes have the colour of the new node's attention weight on them, and their edges
    that of the attention weights along them, the mean of both directions. Molecules are
    drawn by RDKit. Above each step is its probability, of label and edges.

    Parameters
    ----------
    growth : GrowthAttention
        Attention weights and probabilities.
    layer : int, optional
        Index of a layer; by default the mean of all.
    head : int, optional
        Index of a head; by default the mean of all.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture.
    figure_ : matplotlib.figure.Figure
        Figure of the picture.

    Raises
    ------
    ValueError
        If there is no such layer or head.

    See Also
    --------
    growth_attention : The numbers.
    GraphSamplesDisplay : Picture of several graphs.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn import AttentionGraphGenerator, Graph
    >>> from skattn.inspection import GrowthAttentionDisplay
    >>> def path(n):
    ...     return Graph(np.eye(n, k=1) + np.eye(n, k=-1))
    >>> paths = [path(4 + k % 3) for k in range(60)]
    >>> generator = AttentionGraphGenerator(max_epochs=5, random_state=0).fit(paths)
    >>> display = GrowthAttentionDisplay.from_estimator(generator, path(4))
    >>> len(display.growth)
    5
    """

    def __init__(
        self,
        growth: GrowthAttention,
        *,
        layer: int | None = None,
        head: int | None = None,
    ) -> None:
        growth.averaged(layer, head)
        self.growth = growth
        self.layer = layer
        self.head = head

    @classmethod
    def from_estimator(
        cls,
        generator,
        graph,
        *,
        y=None,
        random_state=None,
        layer=None,
        head=None,
        ax=None,
        **plot_options,
    ):
        """Compute the steps in which a graph grows, and draw them.

        Parameters
        ----------
        generator : AttentionGraphGenerator, Pipeline or search
            As for :func:`growth_attention`.
        graph : Graph, or a row of the input of the pipeline
            As for :func:`growth_attention`.
        y : object, optional
            Condition of the graph; none if not given.
        random_state : int, RandomState or None, default=None
            Seed of the order; None: always the same one.
        layer : int, optional
            Index of a layer; by default the mean of all.
        head : int, optional
            Index of a head; by default the mean of all.
        ax : matplotlib.axes.Axes, optional
            As for :meth:`plot`.
        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        GrowthAttentionDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            As :func:`growth_attention`.
        ValueError
            As :func:`growth_attention`, or if there is no such layer or head.
        NotFittedError
            If the generator is not fitted.
        """
        growth = growth_attention(generator, graph, y, random_state=random_state)
        return cls(growth, layer=layer, head=head).plot(ax, **plot_options)

    def plot(
        self,
        ax=None,
        *,
        steps=None,
        n_columns=4,
        molecule="auto",
        cmap="Oranges",
        title=None,
    ):
        """Draw the steps.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure, two inches per step.
        steps : sequence of int, optional
            Steps to draw, from 0; by default all, or 12 of more.
        n_columns : int, default=4
            Number of steps beside each other.
        molecule : "auto" or bool, default="auto"
            Whether RDKit draws the graph; it must have the columns of
            ``MoleculeGraph(derived=False)``. "auto": if a pipeline makes a SMILES of
            it, and not None.
        cmap : str or matplotlib.colors.Colormap, default="Oranges"
            Colours of the weights, from 0 to the largest of the step; the lower part of
            the map is used.
        title : str, optional
            Title of the picture.

        Returns
        -------
        GrowthAttentionDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed, or RDKit for a molecule.
        ValueError
            If a step does not exist, or the graph is to be drawn by RDKit and is no
            molecule.
        """
        numbers, cells = self._numbers(steps), self._cells(molecule)
        n_columns = min(as_count(n_columns, "n_columns"), len(numbers))
        n_rows = -(-len(numbers) // n_columns)
        if ax is None:
            size = (2 * n_columns, 2 * (1 + TEXT) * n_rows + 0.6)
            _, ax = pyplot().subplots(figsize=size, layout="constrained")
        colors = _lower_part(cmap)
        for cell, number in enumerate(numbers):
            row, column = divmod(cell, n_columns)
            corner = column, row * (1 + TEXT) + TEXT
            cells.draw(ax, corner, self._step(number, colors))
            text = self._text(number, named=isinstance(cells, GraphCells))
            ax.text(column + 0.5, corner[1] - 0.02, text, ha="center")
        if isinstance(cells, GraphCells):
            draw_legend(ax, cells.labels)
        _draw_scale(ax, colors)
        limits = {"xlim": (0, n_columns), "ylim": (n_rows * (1 + TEXT), 0)}
        ax.set(aspect="equal", title=title or "", **limits)
        ax.set_axis_off()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _numbers(self, steps: Any) -> list[int]:
        """Return the steps to draw."""
        n_steps = len(self.growth)
        if steps is None:
            shown = np.linspace(0, n_steps - 1, min(n_steps, MOST_STEPS)).round()
            return [int(number) for number in shown]
        numbers = [check_index("a step", step, -n_steps, n_steps) for step in steps]
        if not numbers:
            raise ValueError("steps must hold at least one step, got none.")
        return [number % n_steps for number in numbers]

    def _cells(self, molecule: Any) -> GraphCells | MoleculeCells:
        """Return the drawings of the graph; RDKit's if it is a molecule."""
        graph = self.growth.graph
        check_choice(molecule, ("auto", True, False), "molecule")
        if molecule == "auto":
            is_valid = self.growth.is_molecule and smiles_from_graphs([graph])[0]
            molecule = bool(is_valid)
        elif molecule:
            smiles_from_graphs([graph], on_invalid="raise")
        if molecule:
            return MoleculeCells(graph)
        return GraphCells(graph, feature_colors([graph]))

    def _step(self, number: int, cmap: Any) -> Step:
        """Return a step, its colours from 0 to the largest weight on an old node."""
        growth = self.growth
        is_end = number == len(growth.order)
        nodes, edges = growth.averaged(self.layer, self.head)
        return Step(
            old=growth.order[:number],
            new=None if is_end else int(growth.order[number]),
            node_colors=_colors(nodes[number, :-1], cmap),
            edge_colors=_colors(_both_ways(growth, edges[number]), cmap),
        )

    def _text(self, number: int, *, named: bool) -> str:
        """Return number, name of the new node and probability of a step."""
        growth = self.growth
        p = f"p = {np.exp(growth.log_p[number]):.2f}"
        if number == len(growth.order):
            return f"end: {p}"
        if not named:
            return f"{number}: {p}"
        return f"{number}: {growth.names[growth.order[number]]}, {p}"


def _lower_part(cmap: Any) -> Any:
    """Return the part of a colour map that is in use."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(pyplot().get_cmap(cmap)(np.linspace(0, SHARE, 256)))


def _draw_scale(ax: Any, cmap: Any) -> None:
    from matplotlib.cm import ScalarMappable

    label = "attention weight / largest of the step"
    scale = {"location": "bottom", "shrink": 0.5, "aspect": 40, "pad": 0.02}
    ax.figure.colorbar(ScalarMappable(cmap=cmap), ax=ax, label=label, **scale)


def _both_ways(
    growth: GrowthAttention, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average values of edges with those of the opposite edges."""
    ends = edge_ends(growth.graph)
    opposite = np.lexsort((ends[:, 0], ends[:, 1]))  # edges are sorted by their ends
    return (values + values[opposite]) / 2


def _colors(values: NDArray[np.float64], cmap: Any) -> NDArray[np.float64]:
    levels = values / (values.max(initial=0) or 1.0)
    colors: NDArray[np.float64] = cmap(levels)[:, :3]
    return colors
