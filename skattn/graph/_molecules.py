"""Conversion of SMILES to molecular graphs with RDKit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import csr_from_entries
from skattn.graph._arguments import check_choice
from skattn.graph._data_objects import as_array
from skattn.graph._descriptors import Descriptors
from skattn.graph._graph import Graph
from skattn.graph._molecule_descriptors import describe
from skattn.graph._molecule_labels import (
    NO_MOLECULE,
    has_orders,
    label_columns,
    labels_of,
    order_columns,
)
from skattn.graph._rdkit import rdkit
from skattn.graph._stereo import Stereo, stereo_of
from skattn.graph._unknown_labels import is_missing
from skattn.graph._warning import warn

_ELEMENTS = {
    "H": 1,
    "B": 5,
    "C": 6,
    "N": 7,
    "O": 8,
    "F": 9,
    "Si": 14,
    "P": 15,
    "S": 16,
    "Cl": 17,
    "Se": 34,
    "Br": 35,
    "I": 53,
}
_HYBRIDISATIONS = ("SP", "SP2", "SP3", "SP3D", "SP3D2")
_BOND_TYPES = ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")
_MAX_DEGREE, _MAX_HYDROGENS = 6, 4

ATOM_FEATURES = (
    *(f"element_{symbol}" for symbol in _ELEMENTS),
    "element_other",
    *(f"degree_{n}" for n in range(_MAX_DEGREE)),
    f"degree_{_MAX_DEGREE}_or_more",
    *(f"hydrogens_{n}" for n in range(_MAX_HYDROGENS)),
    f"hydrogens_{_MAX_HYDROGENS}_or_more",
    *(f"hybridisation_{name.lower()}" for name in _HYBRIDISATIONS),
    "hybridisation_other",
    "chirality_R",
    "chirality_S",
    "formal_charge",
    "aromatic",
    "in_ring",
    "mass_in_100_dalton",
    "chirality_r",
    "chirality_s",
)
"""Names of the node features of molecular graphs."""

BOND_FEATURES = (
    *(f"bond_{name.lower()}" for name in _BOND_TYPES),
    "bond_other",
    "stereo_E",
    "stereo_Z",
    "conjugated",
    "in_ring",
    "stereo_e",
    "stereo_z",
)
"""Names of the edge features of molecular graphs."""


def graphs_from_smiles(
    smiles: Any,
    *,
    on_invalid: str = "raise",
    descriptors: Any = None,
    derived: bool = True,
) -> list[Graph]:
    """Convert SMILES to molecular graphs.

    Nodes are heavy atoms with the features ``skattn.graph.ATOM_FEATURES``. Bonds are
    edges in both directions with the features ``skattn.graph.BOND_FEATURES``. Features
    are 0 or 1, except the formal charge (elementary charges) and the mass (100 dalton).

    Chirality and the configuration of double bonds are CIP labels, which do not depend
    on the order of the atoms: R and S of stereo centres, r and s of pseudo-asymmetric
    ones (as in cis- and trans-1,4-dimethylcyclohexane), E and Z of double bonds, e and
    z of those that a reflection exchanges. A warning counts the rows with other stereo
    marks, such as those of allenes and square planar atoms, which are lost.

    Parameters
    ----------
    smiles : list of str, Series, array of shape (n,) or one column of shape (n, 1)
        One molecule per row; parts separated by a dot belong to one graph.
    on_invalid : {"raise", "nan"}, default="raise"
        Treatment of missing and invalid SMILES. "raise": raise ValueError. "nan":
        return a graph of one node with all features NaN, missing values that an
        estimator replaces by means; so are its descriptors.
    descriptors : "auto", list of str, callable or None, default=None
        Descriptors of each molecule: names in ``rdkit.Chem.Descriptors.descList``, a
        function from an RDKit molecule to an array or a dict of numbers, or "auto" for
        those of :class:`~skattn.preprocessing.MoleculeGraph`.
    derived : bool, default=True
        Whether features include those that follow from others, such as hybridisation
        and aromaticity. False: the node features ``skattn.graph.ATOM_LABELS`` and the
        edge feature ``skattn.graph.BOND_LABELS`` alone, from which
        :func:`smiles_from_graphs` makes the molecule again, but for stereo marks and
        isotopes. Bonds are those of the Kekulé structure, and hydrogens are counted
        beyond those that follow from element, charge and bonds.

    Returns
    -------
    list of Graph
        One graph per row, with float32 features.

    Raises
    ------
    ImportError
        If RDKit is not installed.
    TypeError
        If a row is not text, or ``descriptors`` is a text other than "auto".
    ValueError
        If there is no row or more than one column, if a SMILES is invalid and
        ``on_invalid="raise"``, or RDKit has no descriptor of a name. With
        ``derived=False`` a molecule with a bond without an order is invalid.

    See Also
    --------
    smiles_from_graphs : The opposite direction.
    skattn.preprocessing.MoleculeGraph : The corresponding transformer.

    Examples
    --------
    >>> from skattn.graph import ATOM_FEATURES, graphs_from_smiles
    >>> ethanol, benzene = graphs_from_smiles(["CCO", "c1ccccc1"])
    >>> benzene
    Graph(n_nodes=6, n_edges=12, n_features=40, n_edge_features=11)
    >>> ethanol.X[:, ATOM_FEATURES.index("element_O")]
    array([0., 0., 1.], dtype=float32)
    """
    check_choice(on_invalid, ("raise", "nan"), "on_invalid")
    texts = read_smiles(smiles)
    Chem, rdBase = rdkit()
    with rdBase.BlockLogs():  # silences RDKit's log
        molecules = [_molecule(text, Chem, derived=derived) for text in texts]
        if on_invalid == "raise":
            _check_valid(texts, molecules, Chem)
        if derived:
            made = _property_graphs(texts, molecules)
        else:
            made = _label_graphs(molecules, Chem)
        numbers: list[Descriptors | None] = [None] * len(texts)
        if descriptors is not None:
            methane = Chem.MolFromSmiles("C")
            numbers[:] = describe(texts, molecules, descriptors, methane)
    graphs = [
        graph._replaced(descriptors=row)
        for graph, row in zip(made, numbers, strict=True)
    ]
    for graph, molecule in zip(graphs, molecules, strict=True):
        if molecule is None:
            graph.X[:] = np.nan
    return graphs


def read_smiles(smiles: Any) -> list[str | None]:
    """Return a column of SMILES as a list of str, not parsed; None if missing."""
    if isinstance(smiles, str) or not hasattr(smiles, "__len__"):
        raise TypeError(
            "smiles must be a list, Series or column of SMILES, got "
            f"{type(smiles).__name__}. Pass a list for a single molecule: [smiles]."
        )
    values = as_array(smiles, "smiles", "one text per row", dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"smiles must be one column of SMILES, got shape {values.shape}. Select "
            'the column: df["smiles"].'
        )
    if len(values) == 0:
        raise ValueError("There must be at least one SMILES, got 0 samples.")
    return [_text(value, row) for row, value in enumerate(values)]


def _text(value: Any, row: int) -> str | None:
    if is_missing(value):
        return None
    if not isinstance(value, str):
        raise TypeError(
            f"A SMILES must be a string, got {type(value).__name__} in row {row}. "
            "Choose the column that holds them."
        )
    return value


def _molecule(text: str | None, Chem: Any, *, derived: bool) -> Any:
    """Return an RDKit molecule, or None if the SMILES is missing or invalid."""
    molecule = None if text is None else Chem.MolFromSmiles(text)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    return molecule if derived or has_orders(molecule) else None


def _check_valid(texts: list[str | None], molecules: list[Any], Chem: Any) -> None:
    invalid = [row for row, molecule in enumerate(molecules) if molecule is None]
    if not invalid:
        return
    text = texts[invalid[0]]
    more = f" and {len(invalid) - 1} more such rows" if len(invalid) > 1 else ""
    raise ValueError(
        f"Every row must hold a valid SMILES, got {text!r} in row {invalid[0]} "
        f"({_reason(text, Chem)}){more}. Correct or drop it, or use on_invalid='nan'."
    )


def _reason(text: str | None, Chem: Any) -> str:
    if text is None or not text.strip():
        return "empty"
    unchecked = Chem.MolFromSmiles(text, sanitize=False)
    if unchecked is None:
        return "invalid syntax"
    problems = Chem.DetectChemistryProblems(unchecked)
    if problems:
        return str(problems[0].Message())
    if Chem.MolFromSmiles(text) is None:
        return "RDKit cannot parse it"
    return "a bond without an order, which derived=False cannot represent"


def _warn_of_lost_stereo(texts: list[str | None], stereos: list[Stereo | None]) -> None:
    lost = [row for row, each in enumerate(stereos) if each and not each.is_complete]
    if lost:
        message = (
            f"{len(lost)} of {len(texts)} SMILES have stereo marks without a CIP "
            f"label, such as {texts[lost[0]]!r} in row {lost[0]}. Their graphs equal "
            "those of other stereoisomers; add features that distinguish them if that "
            "matters."
        )
        warn(message)


@dataclass(frozen=True, eq=False)
class _Properties:
    """Atom and bond properties of a molecule from RDKit."""

    atoms: list[tuple[Any, ...]]
    """Element, degree, hydrogens, hybridisation, chirality, charge, aromatic, ring,
    mass."""
    bonds: list[tuple[Any, ...]]
    """Two atoms, type, stereo, conjugated, ring."""


_Columns = Callable[[list[tuple[Any, ...]]], NDArray[np.float32]]
"""Function from properties to columns."""
_ONE_ATOM = _Properties([(0, 0, 0, "", "", 0, 0, 0, 0)], [])


def _properties(molecule: Any, stereo: Stereo) -> _Properties:
    atoms = [
        (
            atom.GetAtomicNum(),
            min(atom.GetDegree(), _MAX_DEGREE),
            min(atom.GetTotalNumHs(), _MAX_HYDROGENS),
            atom.GetHybridization().name,
            chirality,
            atom.GetFormalCharge(),
            atom.GetIsAromatic(),
            atom.IsInRing(),
            atom.GetMass() / 100,
        )
        for atom, chirality in zip(molecule.GetAtoms(), stereo.atoms, strict=True)
    ]
    bonds = [
        (
            bond.GetBeginAtomIdx(),
            bond.GetEndAtomIdx(),
            bond.GetBondType().name,
            stereo.bonds.get((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()), ""),
            bond.GetIsConjugated(),
            bond.IsInRing(),
        )
        for bond in molecule.GetBonds()
    ]
    return _Properties(atoms, bonds)


def _property_graphs(texts: list[str | None], molecules: list[Any]) -> Iterator[Graph]:
    """Return graphs with all features; warn of stereo marks that are lost."""
    stereos = [
        None if molecule is None else stereo_of(str(text), molecule)
        for text, molecule in zip(texts, molecules, strict=True)
    ]
    _warn_of_lost_stereo(texts, stereos)
    tables = [
        _ONE_ATOM if stereo is None else _properties(molecule, stereo)
        for molecule, stereo in zip(molecules, stereos, strict=True)
    ]
    return _graphs_of(tables, _atom_columns, _bond_columns)


def _label_graphs(molecules: list[Any], Chem: Any) -> Iterator[Graph]:
    """Return graphs with the labels from which molecules can be made again."""
    labels = [
        NO_MOLECULE if molecule is None else labels_of(molecule, Chem)
        for molecule in molecules
    ]
    tables = [_Properties(list(atoms), list(bonds)) for atoms, bonds in labels]
    return _graphs_of(tables, label_columns, order_columns)


def _graphs_of(
    tables: Sequence[_Properties], atom_columns: _Columns, bond_columns: _Columns
) -> Iterator[Graph]:
    """Build the arrays of all molecules at once and yield their graphs."""
    node_ptr = np.cumsum([0, *(len(table.atoms) for table in tables)])
    X = atom_columns([atom for table in tables for atom in table.atoms])
    bonds = [bond for table in tables for bond in table.bonds]
    first = np.repeat(node_ptr[:-1], [len(table.bonds) for table in tables])
    ends = np.array([bond[:2] for bond in bonds], dtype=np.int64).reshape(-1, 2)
    begin, end = (ends + first[:, None]).T
    receivers, senders = np.concatenate([begin, end]), np.concatenate([end, begin])
    order = np.lexsort((senders, receivers))
    edge_features = np.tile(bond_columns(bonds), (2, 1))[order]
    weights = np.ones(len(order), dtype=np.float32)
    whole = csr_from_entries(receivers[order], senders[order], weights, len(X))
    for low, high in pairwise(node_ptr):
        start, stop = whole.indptr[low], whole.indptr[high]
        indices = whole.indices[start:stop] - whole.indices.dtype.type(low)
        indptr = whole.indptr[low : high + 1] - start
        adjacency = sparse.csr_array(
            (weights[start:stop], indices, indptr), shape=(high - low, high - low)
        )
        features = edge_features[start:stop]
        yield Graph._trusted(
            adjacency, X[low:high], features, None, np.arange(high - low)
        )


def _atom_columns(atoms: list[tuple[Any, ...]]) -> NDArray[np.float32]:
    element, degree, hydrogens, hybridisation, chirality, *numbers = zip(
        *atoms, strict=True
    )
    columns = [
        _one_hot(element, tuple(_ELEMENTS.values()), other=True),
        _one_hot(degree, range(_MAX_DEGREE + 1)),
        _one_hot(hydrogens, range(_MAX_HYDROGENS + 1)),
        _one_hot(hybridisation, _HYBRIDISATIONS, other=True),
        _one_hot(chirality, "RS"),
        np.array(numbers, dtype=np.float32).T,
        _one_hot(chirality, "rs"),
    ]
    return np.concatenate(columns, axis=1)


def _bond_columns(bonds: list[tuple[Any, ...]]) -> NDArray[np.float32]:
    if not bonds:
        return np.empty((0, len(BOND_FEATURES)), dtype=np.float32)
    _, _, kind, stereo, *flags = zip(*bonds, strict=True)
    columns = [
        _one_hot(kind, _BOND_TYPES, other=True),
        _one_hot(stereo, "EZ"),
        np.array(flags, dtype=np.float32).T,
        _one_hot(stereo, "ez"),
    ]
    return np.concatenate(columns, axis=1)


def _one_hot(
    values: Any, choices: Sequence[Any], *, other: bool = False
) -> NDArray[np.float32]:
    """Encode values as one-hot columns: one per choice and one for all others."""
    equal: NDArray[np.bool_] = np.array(values)[:, None] == np.array(list(choices))
    if other:
        equal = np.column_stack([equal, ~equal.any(axis=1)])
    return equal.astype(np.float32)
