"""Stereo descriptors of molecules that do not depend on the order of the atoms."""

from dataclasses import dataclass
from typing import Any

CHIRALITIES = ("R", "S", "r", "s")
"""CIP labels of atoms; the lower case is that of pseudo-asymmetric atoms."""
STEREO_BONDS = ("E", "Z", "e", "z")
"""CIP labels of double bonds."""

_MAX_ITERATIONS = 100_000  # a few seconds


@dataclass(frozen=True, eq=False)
class Stereo:
    """CIP labels of a molecule."""

    atoms: list[str]
    """(n_atoms,): R, S, r, s or an empty string."""
    bonds: dict[tuple[int, int], str]
    """E, Z, e or z by the two atoms of a bond, for double bonds with a label."""
    is_complete: bool
    """Whether all stereo marks of the SMILES have a label."""


def stereo_of(text: str, molecule: Any) -> Stereo:
    """Compute the CIP labels of a molecule.

    RDKit's parser drops marks that depend on each other, such as those of two rings at
    a double bond. They are therefore read before its stereo perception.

    Parameters
    ----------
    text : str
        The SMILES.
    molecule : rdkit.Chem.Mol
        The same molecule, parsed.

    Returns
    -------
    Stereo
        Labels in the order of the atoms of `molecule`.
    """
    n_atoms = molecule.GetNumAtoms()
    if not any(mark in text for mark in "@/\\|"):
        return Stereo([""] * n_atoms, {}, is_complete=True)
    marked, is_complete = _marked(text)
    if marked.GetNumAtoms() != n_atoms or not _label(marked):
        return Stereo([""] * n_atoms, {}, is_complete=False)
    bonds = list(marked.GetBonds())
    of_atoms = [_code(atom, CHIRALITIES) for atom in marked.GetAtoms()]
    of_bonds = [_code(bond, STEREO_BONDS) for bond in bonds]
    unlabelled = any(
        int(atom.GetChiralTag()) and not label
        for atom, label in zip(marked.GetAtoms(), of_atoms, strict=True)
    ) or any(
        bond.GetStereo().name not in ("STEREONONE", "STEREOANY") and not label
        for bond, label in zip(bonds, of_bonds, strict=True)
    )
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    labels = {pair: label for pair, label in zip(ends, of_bonds, strict=True) if label}
    return Stereo(of_atoms, labels, is_complete=is_complete and not unlabelled)


def _marked(text: str) -> tuple[Any, bool]:
    """Parse a valid SMILES with all its marks of stereo centres, others removed.

    Also returns whether none was on an allene, which RDKit does not represent.
    """
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(text, sanitize=False)
    has_allene = any(
        int(atom.GetChiralTag()) and _n_double_bonds(atom) == 2
        for atom in molecule.GetAtoms()
        if atom.GetDegree() == 2
    )
    molecule = Chem.RemoveHs(molecule)
    Chem.SetBondStereoFromDirections(molecule)
    Chem.FindPotentialStereo(molecule, cleanIt=True, flagPossible=False)
    return molecule, not has_allene


def _n_double_bonds(atom: Any) -> int:
    return sum(bond.GetBondTypeAsDouble() == 2 for bond in atom.GetBonds())


def _label(molecule: Any) -> bool:
    """Assign CIP labels; return False if the molecule is too symmetric for them."""
    from rdkit.Chem import rdCIPLabeler

    try:
        rdCIPLabeler.AssignCIPLabels(molecule, maxRecursiveIterations=_MAX_ITERATIONS)
    except RuntimeError:
        return False
    return True


def _code(part: Any, labels: tuple[str, ...]) -> str:
    code = part.GetProp("_CIPCode") if part.HasProp("_CIPCode") else ""
    return code if code in labels else ""
