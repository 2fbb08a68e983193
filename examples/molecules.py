"""Graph regression: solubility of molecules, from SMILES.

The transformer `MoleculeGraph` converts every molecule to a graph of atoms and bonds
with RDKit (``pip install 'skattn[chem]'``).

solubility.csv holds 240 molecules of at most ten heavy atoms and their measured
solubility in water, log10 of mol/l: a sample of the values collected by Delaney ("ESOL:
Estimating Aqueous Solubility Directly from Molecular Structure", J. Chem. Inf. Comput.
Sci. 44, 2004), as distributed by DeepChem (MIT licence).
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from skattn import GraphAttentionRegressor
from skattn.preprocessing import MoleculeGraph

table = pd.read_csv(Path(__file__).parent / "solubility.csv")
smiles, y = table["smiles"], table["log_solubility"]
print(table.sample(4, random_state=0).to_string(index=False), end="\n\n")

model = make_pipeline(
    MoleculeGraph(),
    GraphAttentionRegressor(norm="batch", batch_size=32, max_epochs=30, random_state=0),
)
# norm and batch size were chosen on these molecules: scores on new ones are lower
folds = KFold(3, shuffle=True, random_state=0)  # the molecules are sorted by size
predicted = cross_val_predict(model, smiles, y, cv=folds)
error, r2 = root_mean_squared_error(y, predicted), r2_score(y, predicted)
print(f"three folds: RMSE {error:.2f} where y deviates by {y.std():.2f}; R² {r2:.2f}")

model.fit(smiles, y)
for smile, name, measured in [
    ("CCCCCCCCCO", "1-nonanol", -3.01),
    ("OCC(O)CO", "glycerol", 1.12),
]:
    print(f"{name:<10} predicted {model.predict([smile])[0]:5.2f}, measured {measured}")

figure, ax = plt.subplots(figsize=(5, 5), layout="constrained")
ax.scatter(y, predicted, s=12)
ax.axline((0, 0), slope=1, color="lightgrey", zorder=0)
ax.set(xlabel="measured log solubility", ylabel="predicted, held out", aspect="equal")
figure.savefig("molecules.png", dpi=110)
print("The picture is in molecules.png")
