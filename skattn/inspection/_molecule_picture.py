"""Drawings of molecules by RDKit, atoms tinted by their scores."""

import re
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._rdkit import rdkit

FOR, AGAINST = np.array([0.91, 0.35, 0.29]), np.array([0.36, 0.62, 0.84])
"""Colours of the largest positive and negative score."""
WIDTH, HEIGHT = 500, 350
"""Pixels of a drawing."""
SCALE = 3
"""Pixels of an image per pixel of a drawing."""


def molecule_of(smiles: Any, n_atoms: int) -> Any:
    """Return the molecule of a SMILES text with this number of atoms, else None."""
    if not isinstance(smiles, str):
        return None
    chem, _ = rdkit()
    molecule = chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() != n_atoms:
        return None
    return molecule


def parsed_molecule(smiles: Any) -> Any:
    """Return the molecule of a SMILES text, None if it is not valid."""
    if not isinstance(smiles, str):
        return None
    chem, log = rdkit()
    with log.BlockLogs():
        return chem.MolFromSmiles(smiles)


def atom_names(molecule: Any) -> list[str]:
    """Return the symbol and the number of each atom, such as "C0"."""
    return [f"{atom.GetSymbol()}{atom.GetIdx()}" for atom in molecule.GetAtoms()]


def molecule_svg(molecule: Any, scores: NDArray[np.float64]) -> str:
    """Return an SVG element."""
    from rdkit.Chem.Draw.rdMolDraw2D import MolDraw2DSVG

    drawer = MolDraw2DSVG(WIDTH, HEIGHT)
    text = str(_drawn(drawer, molecule, scores))
    text = re.sub(r"<\?xml.*?\?>|xmlns:(rdkit|xlink)='[^']*'", "", text)
    return text.strip()


def molecule_image(
    molecule: Any, scores: NDArray[np.float64], scale: int = SCALE
) -> NDArray[Any]:
    """Return an image (height, width, 3 or 4); a larger scale has finer lines."""
    from matplotlib.image import imread
    from rdkit.Chem.Draw.rdMolDraw2D import MolDraw2DCairo

    drawer = MolDraw2DCairo(scale * WIDTH, scale * HEIGHT)
    image: NDArray[Any] = imread(BytesIO(_drawn(drawer, molecule, scores)), "png")
    return image


def _drawn(drawer: Any, molecule: Any, scores: NDArray[np.float64]) -> Any:
    from rdkit.Chem.Draw.rdMolDraw2D import (
        PrepareAndDrawMolecule,
    )

    atoms = range(molecule.GetNumAtoms())
    colours = dict(zip(atoms, map(tuple, _tints(scores).tolist()), strict=True))
    PrepareAndDrawMolecule(
        drawer,
        molecule,
        highlightAtoms=list(atoms),
        highlightAtomColors=colours,
        highlightBonds=[],
    )
    drawer.FinishDrawing()
    return drawer.GetDrawingText()


def _tints(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return colours (n_atoms, 3) from white to that of the largest score."""
    level = (scores / (np.abs(scores).max(initial=0) or 1.0))[:, None]
    end = np.where(level > 0, FOR, AGAINST)
    return 1 - np.abs(level) * (1 - end)
