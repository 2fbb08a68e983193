"""Labels of atoms and bonds from which a molecule can be made again."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

ATOM_LABELS = ("atomic_number", "formal_charge", "extra_hydrogens")
"""Names of the node features of molecular graphs without derived features."""

BOND_LABELS = ("bond_order",)
"""Names of the edge features of molecular graphs without derived features."""

_ORDERS = ("SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE")
"""Bond types of the orders 1 to 4."""

Labels = tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]
"""Atoms with their labels, and bonds: two atoms and the order."""

NO_MOLECULE: Labels = ([(0, 0, 0)], [])


def has_orders(molecule: Any) -> bool:
    """Return whether every bond of a molecule has an order, as dative ones have not."""
    known = {*_ORDERS, "AROMATIC"}
    return all(bond.GetBondType().name in known for bond in molecule.GetBonds())


def labels_of(molecule: Any, Chem: Any) -> Labels:
    """Return the labels of a molecule, with the bonds of its Kekulé structure.

    Hydrogens are counted only beyond those that RDKit infers, because these follow from
    the element, the charge and the bonds.
    """
    kekule = Chem.Mol(molecule)
    Chem.Kekulize(kekule, clearAromaticFlags=True)
    bonds = [
        (
            bond.GetBeginAtomIdx(),
            bond.GetEndAtomIdx(),
            _ORDERS.index(bond.GetBondType().name) + 1,
        )
        for bond in kekule.GetBonds()
    ]
    atoms = [(a.GetAtomicNum(), a.GetFormalCharge()) for a in molecule.GetAtoms()]
    inferred = skeleton(atoms, bonds, Chem).GetAtoms()
    extra = [
        atom.GetTotalNumHs() - other.GetTotalNumHs()
        for atom, other in zip(molecule.GetAtoms(), inferred, strict=True)
    ]
    return [(*atom, n) for atom, n in zip(atoms, extra, strict=True)], bonds


def label_columns(atoms: list[tuple[Any, ...]]) -> NDArray[np.float32]:
    """Return the node features (n_atoms, 3) of atoms with their labels."""
    return np.array(atoms, np.float32).reshape(-1, len(ATOM_LABELS))


def order_columns(bonds: list[tuple[Any, ...]]) -> NDArray[np.float32]:
    """Return the edge features (n_bonds, 1) of bonds with their orders."""
    return np.array([order for _, _, order in bonds], np.float32).reshape(-1, 1)


def molecule_of(labels: Labels, Chem: Any) -> Any:
    """Return the molecule with these labels, checked once and not repaired.

    Raises ValueError if there is none.
    """
    atoms, bonds = labels
    if not all(0 <= number <= 118 for number, _, _ in atoms):
        raise ValueError("an atomic number is not between 0 and 118")
    if not all(1 <= order <= len(_ORDERS) for _, _, order in bonds):
        raise ValueError(f"a bond order is not between 1 and {len(_ORDERS)}")
    molecule = skeleton([atom[:2] for atom in atoms], bonds, Chem)
    for atom, (_, _, extra) in zip(molecule.GetAtoms(), atoms, strict=True):
        if extra:
            n_hydrogens = atom.GetTotalNumHs() + extra
            if n_hydrogens < 0:
                raise ValueError("an atom has less than no hydrogens")
            atom.SetNumExplicitHs(n_hydrogens)
            atom.SetNoImplicit(True)
    Chem.SanitizeMol(molecule)  # raises a subclass of ValueError
    return molecule


def skeleton(
    atoms: Iterable[tuple[int, int]], bonds: Iterable[tuple[int, int, int]], Chem: Any
) -> Any:
    """Return a molecule with the hydrogens that RDKit infers, not checked."""
    molecule = Chem.RWMol()
    for number, charge in atoms:
        atom = Chem.Atom(number)
        atom.SetFormalCharge(charge)
        molecule.AddAtom(atom)
    for begin, end, order in bonds:
        molecule.AddBond(begin, end, getattr(Chem.BondType, _ORDERS[order - 1]))
    molecule.UpdatePropertyCache(strict=False)
    return molecule
