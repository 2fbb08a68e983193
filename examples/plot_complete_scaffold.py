"""
Completing a scaffold
=====================

``sample(start=...)`` continues a given graph: its nodes and edges stay, new ones are
added. Here molecules grow from a benzene ring, towards low or high solubility. RDKit
reads and draws them (``pip install '.[chem]'``).
"""

# %%
# Fit
# ---
# 240 molecules of at most ten heavy atoms, and the logarithm of their solubility in
# water, see :func:`~skattn.datasets.load_solubility`. Floats as ``y`` are a condition
# by their value.

import matplotlib.pyplot as plt
import numpy as np

from skattn import AttentionGraphGenerator
from skattn.datasets import load_solubility
from skattn.inspection import GraphSamplesDisplay
from skattn.preprocessing import MoleculeGraph

data = load_solubility()
molecules = MoleculeGraph(derived=False)
graphs = molecules.fit_transform(data.smiles)

generator = AttentionGraphGenerator(
    order="dfs", n_layers=3, hidden_dim=32, batch_size=32, learning_rate=0.005,
    max_epochs=80, random_state=0,
)  # fmt: skip
generator.fit(graphs, data.target)

# %%
# Complete
# --------
# The ring is the start of every sample. Its bonds are the alternating ones of the
# Kekulé structure.

(benzene,) = molecules.transform(["C1=CC=CC=C1"])
asked = {"little soluble (log -4)": -4.0, "very soluble (log 0)": 0.0}
drawn = {
    name: generator.sample(100, start=benzene, y=y, random_state=0)
    for name, y in asked.items()
}

NITROGEN, OXYGEN = 7, 8
for name, made in drawn.items():
    texts = molecules.inverse_transform(made)
    n_polar = [np.isin(graph.X[:, 0], [NITROGEN, OXYGEN]).sum() for graph in made]
    print(
        f"{name}: {sum(text is not None for text in texts)} of 100 are molecules; "
        f"{np.mean(n_polar):.1f} atoms of nitrogen or oxygen on average"
    )

# %%
# All of them contain the start as their first six atoms:

print(
    all((graph.X[:6] == benzene.X).all() for made in drawn.values() for graph in made)
)

_, axes = plt.subplots(2, 1, figsize=(8, 6.5), layout="constrained")
for ax, (name, made) in zip(axes, drawn.items(), strict=True):
    texts = molecules.inverse_transform(made)
    new = dict.fromkeys(text for text in texts if text is not None)
    shown = [texts.index(text) for text in list(new)[:8]]
    display = GraphSamplesDisplay.from_graphs(
        [made[k] for k in shown], smiles=[texts[k] for k in shown]
    )
    display.plot(ax, n_columns=4, title=name)
plt.show()

# %%
# More likely completions
# -----------------------
# ``temperature`` below 1 prefers probable graphs: the samples are valid more often and
# less varied.

for temperature in (1.0, 0.6):
    made = generator.sample(100, start=benzene, temperature=temperature, random_state=0)
    valid = [text for text in molecules.inverse_transform(made) if text is not None]
    print(
        f"temperature {temperature}: {len(valid)} molecules, {len(set(valid))} "
        "different ones"
    )
