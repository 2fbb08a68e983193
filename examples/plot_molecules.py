"""
Predict the solubility of molecules
===================================

:class:`~skattn.preprocessing.MoleculeGraph` converts SMILES strings to graphs of atoms
and bonds with RDKit (``pip install '.[chem]'``), so a column of SMILES is the
input of a pipeline.
"""

# %%
# Data
# ----
# 240 molecules of at most ten heavy atoms and their measured solubility in water, the
# logarithm (base 10) of mol/l: a sample of the values collected by Delaney (2004), see
# :func:`~skattn.datasets.load_solubility`.

import matplotlib.pyplot as plt
from sklearn.metrics import PredictionErrorDisplay, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from skattn import GraphAttentionRegressor
from skattn.datasets import load_solubility
from skattn.preprocessing import MoleculeGraph

molecules = load_solubility()
smiles, y = molecules.smiles, molecules.target
for n in range(0, 240, 60):
    print(f"{smiles[n]:<20} {y[n]:5.2f}")

# %%
# Cross-validation
# ----------------
# The molecules are sorted by size, so the folds are shuffled. ``norm`` and
# ``batch_size`` were chosen on these molecules: scores on new molecules are lower.

model = make_pipeline(
    MoleculeGraph(),
    GraphAttentionRegressor(norm="batch", batch_size=32, max_epochs=30, random_state=0),
)
folds = KFold(3, shuffle=True, random_state=0)
predicted = cross_val_predict(model, smiles, y, cv=folds)
error, r2 = root_mean_squared_error(y, predicted), r2_score(y, predicted)
print(f"RMSE {error:.2f} (standard deviation of y: {y.std():.2f}), R² {r2:.2f}")

# %%
# Each point is a molecule, predicted by the model that was not fitted on it.

_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
PredictionErrorDisplay.from_predictions(
    y, predicted, kind="actual_vs_predicted", ax=ax, scatter_kwargs={"s": 12}
)
ticks = range(-6, 3, 2)
ax.set(xlabel="measured log solubility", ylabel="predicted log solubility")
ax.set(xticks=ticks, yticks=ticks)
plt.show()

# %%
# Predict other molecules
# -----------------------

model.fit(smiles, y)
others = [("CCCCCCCCCO", "1-nonanol", -3.01), ("OCC(O)CO", "glycerol", 1.12)]
for molecule, name, measured in others:
    (value,) = model.predict([molecule])
    print(f"{name:<10} predicted {value:5.2f}, measured {measured:5.2f}")
