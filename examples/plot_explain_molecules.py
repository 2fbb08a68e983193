"""
Explain the solubility of molecules
===================================

The scores of atoms are in the units of y: by how much the prediction falls when an
atom becomes the mean atom. RDKit draws them (``pip install '.[chem]'``).
"""

# %%
# Model
# -----
# 240 molecules and the logarithm of their solubility in water, see
# :func:`~skattn.datasets.load_solubility`.

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colormaps
from rdkit.Chem import MolFromSmiles
from rdkit.Chem.Draw import rdMolDraw2D
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skattn import GraphAttentionRegressor
from skattn.datasets import load_solubility
from skattn.inspection import explain
from skattn.preprocessing import MoleculeGraph

molecules = load_solubility()
smiles, smiles_test, y, y_test = train_test_split(
    molecules.smiles, molecules.target, test_size=0.2, random_state=0
)
model = make_pipeline(
    MoleculeGraph(descriptors=None),  # scores of atoms leave out descriptors
    GraphAttentionRegressor(norm="batch", batch_size=32, max_epochs=30, random_state=0),
)
model.fit(smiles, y)
print(f"R² of {len(y_test)} other molecules: {model.score(smiles_test, y_test):.2f}")

# %%
# Atoms
# -----
# The oxygen of a hydroxyl group increases the predicted solubility, chains of carbon
# decrease it.

shown = ["CCCCCCO", "OCC(O)CO", "Clc1ccccc1", "CC(=O)OCC"]
explanations = explain(model, shown)
for text, explanation in zip(shown, explanations, strict=True):
    print(f"{text:<11} {explanation.answer[0]:5.2f} {explanation.scores[0].round(1)}")

# %%
# Pictures
# --------
# Red atoms increase the predicted solubility, blue ones decrease it. All molecules
# have one scale.

largest = max(np.abs(scores).max() for scores in explanations.scores)


def tinted(text, scores):
    """Draw a molecule, its atoms in the colours of their scores."""
    colours = colormaps["RdBu_r"](0.5 + 0.45 * scores / largest)[:, :3]
    atoms = list(range(len(scores)))
    drawer = rdMolDraw2D.MolDraw2DCairo(350, 260)
    drawer.drawOptions().fillHighlights = True
    rdMolDraw2D.PrepareAndDrawMolecule(
        drawer,
        MolFromSmiles(text),
        highlightAtoms=atoms,
        highlightAtomColors=dict(zip(atoms, map(tuple, colours.tolist()), strict=True)),
        highlightBonds=[],
    )
    drawer.FinishDrawing()
    return plt.imread(BytesIO(drawer.GetDrawingText()))


_, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
for ax, text, scores, answer in zip(
    axes.flat, shown, explanations.scores, explanations.answer, strict=True
):
    ax.imshow(tinted(text, scores))
    ax.set_title(f"{text}: {answer:.2f}")
    ax.set_axis_off()
plt.show()
