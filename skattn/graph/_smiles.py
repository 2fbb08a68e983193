"""Conversion of molecular graphs to SMILES with RDKit."""

from typing import Any

import numpy as np

from skattn.graph._adjacency import entry_rows
from skattn.graph._arguments import check_choice
from skattn.graph._graph import Graph
from skattn.graph._graph_list import whole_graphs
from skattn.graph._molecule_labels import (
    ATOM_LABELS,
    BOND_LABELS,
    Labels,
    molecule_of,
    skeleton,
)
from skattn.graph._rdkit import rdkit


def smiles_from_graphs(graphs: Any, *, on_invalid: str = "none") -> list[str | None]:
    """Convert molecular graphs to SMILES.

    The opposite of ``graphs_from_smiles(..., derived=False)``, but for stereo marks and
    isotopes, which these graphs do not have. A molecule is checked by RDKit as it is,
    without repair of valences, and a graph in several pieces keeps all of them.

    Parameters
    ----------
    graphs : list of Graph
        Graphs with the node features ``skattn.graph.ATOM_LABELS`` and the edge features
        ``skattn.graph.BOND_LABELS``, in this order.
    on_invalid : {"none", "raise"}, default="none"
        Treatment of graphs that are no molecules. "none": return None. "raise": raise
        ValueError.

    Returns
    -------
    list of str or None
        One canonical SMILES per graph. A molecule has one such text, so that texts can
        be compared with those of other molecules that this function returned.

    Raises
    ------
    ImportError
        If RDKit is not installed.
    TypeError
        If `graphs` is not a list of graphs.
    ValueError
        If a graph has other columns, or is no molecule and ``on_invalid="raise"``.

    See Also
    --------
    graphs_from_smiles : The opposite direction.

    Examples
    --------
    >>> from skattn.graph import graphs_from_smiles, smiles_from_graphs
    >>> graphs = graphs_from_smiles(["OCC", "C1=CC=CC=C1"], derived=False)
    >>> smiles_from_graphs(graphs)
    ['CCO', 'c1ccccc1']
    """
    check_choice(on_invalid, ("none", "raise"), "on_invalid")
    listed = whole_graphs(graphs)
    for number, graph in enumerate(listed):
        _check_columns(number, graph)
    Chem, rdBase = rdkit()
    with rdBase.BlockLogs():  # silences RDKit's log
        return [
            _smiles(number, graph, on_invalid, Chem)
            for number, graph in enumerate(listed)
        ]


def unchecked_molecule(graph: Graph) -> Any:
    """Return the RDKit molecule of a graph, without a check of its valences.

    Raises ValueError if the graph has not the columns of a molecule.
    """
    _check_columns(0, graph)
    atoms, bonds = _labels(graph)
    return skeleton([atom[:2] for atom in atoms], bonds, rdkit()[0])


def _check_columns(number: int, graph: Graph) -> None:
    n_bond_columns = graph.n_edge_features if graph.n_edges else len(BOND_LABELS)
    if (graph.n_features, n_bond_columns) != (len(ATOM_LABELS), len(BOND_LABELS)):
        raise ValueError(
            f"A molecular graph must have the {len(ATOM_LABELS)} node features "
            f"{', '.join(ATOM_LABELS)} and the edge feature {', '.join(BOND_LABELS)}, "
            f"got {graph.n_features} and {graph.n_edge_features} columns in graph "
            f"{number}. Make graphs with graphs_from_smiles(..., derived=False) or "
            "MoleculeGraph(derived=False)."
        )


def _smiles(number: int, graph: Graph, on_invalid: str, Chem: Any) -> str | None:
    try:
        molecule = molecule_of(_labels(graph), Chem)
    except ValueError as error:
        if on_invalid == "none":
            return None
        raise ValueError(
            f"Every graph must be a molecule, graph {number} is not: {error}. Leave it "
            "out, or use on_invalid='none'."
        ) from error
    return str(Chem.MolToSmiles(molecule, isomericSmiles=False))


def _labels(graph: Graph) -> Labels:
    """Return the labels of atoms and bonds; raise ValueError if they are none."""
    X = np.asarray(graph.X, np.float64)
    orders = np.empty(0)
    if graph.edge_features is not None and graph.n_edges:
        orders = graph.edge_features[:, 0].astype(np.float64)
    labels = np.concatenate([X.ravel(), orders])
    if not np.array_equal(labels, np.rint(labels)):  # or NaN
        raise ValueError("a label is not a whole number")
    ends = zip(entry_rows(graph.adjacency), graph.adjacency.indices, strict=True)
    bonds = {
        (int(i), int(j)): int(order) for (i, j), order in zip(ends, orders, strict=True)
    }
    if len(bonds) < graph.n_edges or any(i == j for i, j in bonds):
        raise ValueError("two bonds have the same atoms, or one has a single atom")
    if any(bonds.get((j, i)) != order for (i, j), order in bonds.items()):
        raise ValueError("a bond differs in its two directions")
    atoms = [tuple(row) for row in X.astype(np.int64).tolist()]
    return atoms, [(i, j, order) for (i, j), order in bonds.items() if i < j]
