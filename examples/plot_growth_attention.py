"""
Attention in a growing graph
============================

A generator adds one node after the other. :func:`~skattn.inspection.growth_attention`
shows for every step of a given graph how probable it was, and which older nodes the
new node attended to.
"""

# %%
# A rule that is known
# --------------------
# Chains of seven beads of four kinds. The kinds are random, but **both ends are of the
# same kind**: that of the last bead follows from the other end, six beads away.

import matplotlib.pyplot as plt
import numpy as np

from skattn import AttentionGraphGenerator, Graph
from skattn.inspection import GrowthAttentionDisplay, growth_attention

rng = np.random.default_rng(0)
N_BEADS = 7


def make_chain():
    """Draw a chain with ends of one kind."""
    kinds = rng.choice(["A", "B", "C", "D"], size=N_BEADS)
    kinds[-1] = kinds[0]
    adjacency = np.eye(N_BEADS, k=1) + np.eye(N_BEADS, k=-1)
    return Graph(adjacency, kinds[:, None])


chains = [make_chain() for _ in range(400)]
generator = AttentionGraphGenerator(
    order="dfs", n_layers=2, hidden_dim=32, batch_size=32, learning_rate=0.01,
    max_epochs=40, random_state=0,
).fit(chains)  # fmt: skip

made = generator.sample(200, random_state=0)
ends = [graph.X[np.diff(graph.adjacency.indptr) == 1, 0] for graph in made]
print(f"both ends equal: {np.mean([e[0] == e[-1] for e in ends]):.0%}, by chance 25 %")

# %%
# The kind of the last bead is certain, the others have a probability of a quarter. In
# the picture the new bead is blue; outlines are the kinds of the beads, fillings the
# attention of the new bead. Numbers are step, bead and probability of the step.

display = GrowthAttentionDisplay.from_estimator(generator, make_chain(), random_state=0)
print("p of each kind:", np.exp(display.growth.log_p_labels).round(2))
plt.show()

# %%
# Over other chains and orders, the last bead attends to the other end more than to the
# six other nodes, itself among them, on average:

weights = []
for seed in range(50):
    growth = growth_attention(generator, make_chain(), random_state=seed)
    nodes, _ = growth.averaged()
    other = N_BEADS - 1 - growth.order[-1]  # the last bead is one of the ends
    weights.append(nodes[N_BEADS - 1, other])
mean = np.mean(weights)
print(f"weight on the other end: {mean:.2f}, on each other node: {(1 - mean) / 6:.2f}")

# %%
# Molecules
# ---------
# In a pipeline that begins with :class:`~skattn.preprocessing.MoleculeGraph`, the input
# is a SMILES, and RDKit draws the steps (``pip install '.[chem]'``). Bonds are coloured
# by the weights that their atoms give to one another.

from sklearn.pipeline import make_pipeline

from skattn.datasets import load_solubility
from skattn.preprocessing import MoleculeGraph

model = make_pipeline(
    MoleculeGraph(derived=False),
    AttentionGraphGenerator(
        order="dfs", n_layers=3, hidden_dim=32, batch_size=32, learning_rate=0.005,
        max_epochs=60, random_state=0,
    ),
)  # fmt: skip
model.fit(load_solubility().smiles)

GrowthAttentionDisplay.from_estimator(model, "Cc1ccccc1O", random_state=1)
plt.show()

# %%
# The numbers behind the picture: the step that closes the ring has two edges, one of
# them to the atom before, one to the atom that the ring began with.

growth = growth_attention(model, "Cc1ccccc1O", random_state=1)
frame = growth.to_frame()
closing = frame[frame["is_edge"]].groupby("step").filter(lambda step: len(step) == 2)
print(closing.round(2).to_string(index=False))
