"""Solubility of small molecules in water."""

import csv
from importlib import resources

import numpy as np
from sklearn.utils import Bunch

_DESCR = """\
Solubility of small molecules
-----------------------------

240 molecules of at most ten heavy atoms, sorted by size. Task: regression of the
solubility in water from the structure.

Data: SMILES strings. Target: logarithm (base 10) of the measured solubility in mol/l.

Source: a sample of the values collected by J. S. Delaney, "ESOL: Estimating Aqueous
Solubility Directly from Molecular Structure", Journal of Chemical Information and
Computer Sciences 44, 1000-1005, 2004, as distributed by DeepChem (MIT licence).
"""


def load_solubility() -> Bunch:
    """Load 240 small molecules for the regression of their solubility in water.

    Returns
    -------
    sklearn.utils.Bunch
        Dictionary-like object with the attributes:

        - ``smiles`` : list of 240 str, sorted by the number of heavy atoms, of which a
          molecule has at most ten;
        - ``target`` : float array of shape (240,), the logarithm (base 10) of the
          solubility in mol/l;
        - ``DESCR`` : description of the data set and its source.

    References
    ----------
    J. S. Delaney, "ESOL: Estimating Aqueous Solubility Directly from Molecular
    Structure", Journal of Chemical Information and Computer Sciences 44, 1000-1005,
    2004.

    Examples
    --------
    >>> from skattn.datasets import load_solubility
    >>> molecules = load_solubility()
    >>> molecules.smiles[:2], molecules.target.shape
    (['CO', 'BrCBr'], (240,))
    """
    path = resources.files("skattn.datasets").joinpath("data/solubility.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Bunch(
        smiles=[row["smiles"] for row in rows],
        target=np.array([float(row["log_solubility"]) for row in rows]),
        DESCR=_DESCR,
    )
