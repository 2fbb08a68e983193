import numpy as np

from skattn.datasets import load_solubility


def test_one_target_per_molecule():
    molecules = load_solubility()
    assert len(molecules.smiles) == len(molecules.target) == 240
    assert len(set(molecules.smiles)) == 240


def test_methanol_mixes_with_water_and_heavier_alkanes_do_not():
    molecules = load_solubility()
    solubility = dict(zip(molecules.smiles, molecules.target, strict=True))
    assert solubility["CO"] == 1.57
    assert np.isfinite(molecules.target).all()
    assert -8 < molecules.target.min() < -3
