"""Pictures of single steps in which a graph grows, by matplotlib or RDKit."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph import Graph, layout
from skattn.graph._adjacency import entry_rows
from skattn.graph._rdkit import rdkit
from skattn.graph._smiles import unchecked_molecule
from skattn.inspection._node_colors import NodeColors

NEW = (0.55, 0.75, 0.92)
"""Colour of the new node and its edges."""
LATER = (0.92, 0.92, 0.92)
"""Colour of the nodes and edges of later steps."""
MARGIN = 0.12
"""Share of a cell that is left free at each side."""
PIXELS = 450
"""Width and height of the image of a molecule."""
LEAST_REACH = 2.2
"""Half the width of an image at least, in units of 1.5 bonds, so that a small molecule
is not drawn larger than others."""


@dataclass(frozen=True, eq=False)
class Step:
    """Graph so far, the new node, and the colours of nodes and edges."""

    old: NDArray[np.int64]
    """(n_old,) nodes so far."""
    new: int | None
    """New node, None for the end."""
    node_colors: NDArray[np.float64]
    """(n_nodes, 3) colours by attention weight."""
    edge_colors: NDArray[np.float64]
    """(n_edges, 3) colours by attention weight, equal in both directions."""

    @property
    def nodes(self) -> NDArray[np.int64]:
        """Nodes so far and the new one."""
        return self.old if self.new is None else np.append(self.old, self.new)


@dataclass(frozen=True, eq=False)
class GraphCells:
    """Drawings of the steps of a graph by matplotlib."""

    graph: Graph
    """The graph."""
    labels: NodeColors
    """Colours of the labels of its nodes, their outlines."""

    @cached_property
    def _places(self) -> NDArray[np.float64]:
        x, y = layout(self.graph).T
        return MARGIN + (1 - 2 * MARGIN) * np.column_stack([x, 1 - y])

    def draw(self, ax: Any, corner: tuple[float, float], step: Step) -> None:
        """Draw a step in the unit square below a corner."""
        from matplotlib.collections import LineCollection

        places, ends = self._places + corner, edge_ends(self.graph)
        state = np.zeros(self.graph.n_nodes, np.int64)  # later, old or new
        state[step.old] = 1
        if step.new is not None:
            state[step.new] = 2
        first, last = np.sort(state[ends], axis=1).T
        for shown, colors, width in (
            (first == 0, LATER, 1.0),
            ((first == 1) & (last == 1), step.edge_colors, 3.0),
            ((first == 1) & (last == 2), NEW, 3.0),
        ):
            chosen = colors[shown] if isinstance(colors, np.ndarray) else colors
            lines = LineCollection(places[ends[shown]], colors=chosen, linewidths=width)
            ax.add_collection(lines)
        colors = np.array(step.node_colors)
        colors[state == 0], colors[state == 2] = LATER, NEW
        outline = np.array(self.labels.of_nodes, dtype=object)
        sizes = np.where(state == 0, 30, 90)
        ax.scatter(
            *places.T, s=sizes, c=colors, edgecolors=outline.tolist(),
            linewidths=np.where(state == 0, 0.0, 1.5), zorder=3,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class MoleculeCells:
    """Drawings of the steps of a molecule by RDKit, its atoms at fixed places."""

    graph: Graph
    """Molecular graph without derived features."""

    @cached_property
    def _molecule(self) -> Any:
        from rdkit.Chem.rdDepictor import Compute2DCoords

        molecule = unchecked_molecule(self.graph)
        Compute2DCoords(molecule)
        return molecule

    def draw(self, ax: Any, corner: tuple[float, float], step: Step) -> None:
        """Draw a step in the unit square below a corner."""
        from matplotlib.image import imread

        (x, y), picture = corner, BytesIO(self._drawing(step))
        ax.imshow(imread(picture, "png"), extent=(x, x + 1, y + 1, y), zorder=1)

    def _drawing(self, step: Step) -> bytes:
        """Return a PNG image of the atoms so far and the new one."""
        part = self._part(step.nodes)
        number = {int(node): k for k, node in enumerate(step.nodes)}
        atoms = {number[v]: tuple(step.node_colors[v].tolist()) for v in number}
        bonds = {}
        for (i, j), color in zip(
            edge_ends(self.graph).tolist(), step.edge_colors.tolist(), strict=True
        ):
            if i in number and j in number:
                bond = part.GetBondBetweenAtoms(number[i], number[j]).GetIdx()
                bonds[bond] = NEW if step.new in (i, j) else tuple(color)
        if step.new is not None:
            atoms[number[step.new]] = NEW
        drawer = self._drawer()
        drawer.DrawMolecule(
            part,
            highlightAtoms=list(atoms),
            highlightAtomColors=atoms,
            highlightBonds=list(bonds),
            highlightBondColors=bonds,
        )
        drawer.FinishDrawing()
        drawing: bytes = drawer.GetDrawingText()
        return drawing

    def _part(self, nodes: NDArray[np.int64]) -> Any:
        """Cut out atoms, without the hydrogens that they would have alone."""
        chem, _ = rdkit()
        part = chem.RWMol(self._molecule)
        for atom in part.GetAtoms():
            atom.SetNoImplicit(True)
        later = np.setdiff1d(np.arange(self.graph.n_nodes), nodes)
        part.BeginBatchEdit()
        for node in later.tolist():
            part.RemoveAtom(node)
        part.CommitBatchEdit()
        kept = np.setdiff1d(np.arange(self.graph.n_nodes), later)
        part = chem.RenumberAtoms(part, np.searchsorted(kept, nodes).tolist())
        part.UpdatePropertyCache(strict=False)
        chem.FastFindRings(part)
        return part

    def _drawer(self) -> Any:
        """Return a drawer in which the whole molecule has its place."""
        from rdkit.Chem.Draw.rdMolDraw2D import MolDraw2DCairo
        from rdkit.Geometry import Point2D

        at = self._molecule.GetConformer().GetPositions()[:, :2]
        low, high = at.min(0), at.max(0)
        middle, reach = (low + high) / 2, max((high - low).max() / 2 + 0.5, LEAST_REACH)
        drawer: Any = MolDraw2DCairo(PIXELS, PIXELS)  # its types are incomplete
        options = drawer.drawOptions()
        options.prepareMolsBeforeDrawing = False
        options.fillHighlights = True
        options.highlightRadius = 0.4
        corners = Point2D(*(middle - reach)), Point2D(*(middle + reach))
        drawer.SetScale(PIXELS, PIXELS, *corners)
        return drawer


def edge_ends(graph: Graph) -> NDArray[np.int64]:
    """Return row and column of each entry of the adjacency, (n_edges, 2)."""
    adjacency = graph.adjacency
    ends: NDArray[np.int64] = np.column_stack(
        [entry_rows(adjacency), adjacency.indices]
    ).astype(np.int64)
    return ends
