"""
Molecules with a given number of rings
======================================

A generator that is fitted with ``y`` draws graphs for a given ``y``: here molecules
with none, one or two rings. RDKit reads and draws them (``pip install '.[chem]'``).
"""

# %%
# Data
# ----
# 240 molecules of at most ten heavy atoms, see
# :func:`~skattn.datasets.load_solubility`.
# ``MoleculeGraph(derived=False)`` makes graphs of elements, charges and bonds alone:
# what follows from these, such as aromaticity, is not drawn but computed afterwards.

import matplotlib.pyplot as plt
import numpy as np

from skattn import AttentionGraphGenerator
from skattn.datasets import load_solubility
from skattn.inspection import GraphSamplesDisplay
from skattn.preprocessing import MoleculeGraph

smiles = load_solubility().smiles
molecules = MoleculeGraph(derived=False)
graphs = molecules.fit_transform(smiles)


def count_rings(graph):
    """Count the independent rings of a graph in one piece."""
    return graph.n_edges // 2 - graph.n_nodes + 1


rings = np.array([count_rings(graph) for graph in graphs])
print("molecules with 0, 1, 2 rings:", np.bincount(rings))

# %%
# Fit
# ---
# A smaller network than the default, and fewer epochs, for a short page.

generator = AttentionGraphGenerator(
    order="dfs", n_layers=3, hidden_dim=32, batch_size=32, learning_rate=0.005,
    max_epochs=80, random_state=0,
)  # fmt: skip
generator.fit(graphs, rings)

# %%
# Ask
# ---
# Nothing is repaired or left out: a sample may be no molecule, and may be one of the
# training molecules. Only nine of these have two rings, so that two are harder to get.

known = set(molecules.inverse_transform(graphs))
drawn = {asked: generator.sample(100, y=asked, random_state=0) for asked in range(3)}
texts = {asked: molecules.inverse_transform(made) for asked, made in drawn.items()}

for asked, made in drawn.items():
    as_asked = np.mean([count_rings(graph) == asked for graph in made])
    valid = [text for text in texts[asked] if text is not None]
    new = np.mean([text not in known for text in valid])
    print(
        f"asked {asked}: {as_asked:.0%} have as many rings; {len(valid)} of 100 are "
        f"molecules, {new:.0%} of these are new"
    )

# %%
# The first new molecules for each number:

_, axes = plt.subplots(3, 1, figsize=(9, 6), layout="constrained")
for ax, asked in zip(axes, drawn, strict=True):
    new = dict.fromkeys(t for t in texts[asked] if t is not None and t not in known)
    shown = [texts[asked].index(text) for text in list(new)[:6]]
    display = GraphSamplesDisplay.from_graphs(
        [drawn[asked][k] for k in shown], smiles=[texts[asked][k] for k in shown]
    )
    display.plot(ax, n_columns=6, title=f"rings: {asked}")
plt.show()

# %%
# How probable is a given molecule?
# ---------------------------------
# ``score_samples`` bounds the log-probability of each graph. Compared for the numbers
# of rings, it says which number a molecule has.

shown = ["CCCCCO", "C1CCCCC1", "c1ccc2[nH]ccc2c1"]
given = molecules.transform(shown)
scores = np.column_stack([generator.score_samples(given, [r] * 3) for r in range(3)])
for text, row in zip(shown, scores, strict=True):
    print(f"{text:<18} log p with 0, 1, 2 rings: {row.round(1)}")
