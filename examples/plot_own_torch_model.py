"""
Attention layers in a torch model
=================================

:class:`skattn.nn.GraphAttention` is a torch module: it takes node features and the
edges of a graph, and can be a layer of any model. Here two layers are trained by hand
on Zachary's karate club, with one labelled member of each club.
"""

# %%
# Edges
# -----
# A module takes :class:`skattn.ops.Edges`, made from the arrays of a CSR matrix. Each
# member also attends to itself.

import matplotlib.pyplot as plt
import torch
from torch import nn

from skattn.datasets import load_karate_club
from skattn.graph import add_self_loops
from skattn.nn import GraphAttention
from skattn.ops import Edges

club = load_karate_club()
adjacency, _, _ = add_self_loops(club.graph.adjacency)
edges = Edges.from_csr(adjacency.indptr, adjacency.indices, adjacency.shape[1])
y = torch.as_tensor(club.target)
labelled = torch.tensor([0, 33])  # the instructor and the administrator

# %%
# Model
# -----
# Two graph attention layers over learned embeddings of the members.


class Model(nn.Module):
    def __init__(self, n_nodes, n_classes):
        super().__init__()
        self.embedding = nn.Parameter(torch.eye(n_nodes))
        self.first = GraphAttention(n_nodes, 8, n_heads=4)
        self.second = GraphAttention(32, n_classes)

    def forward(self, edges):
        hidden = nn.functional.elu(self.first(self.embedding, edges))
        return self.second(hidden, edges)


# %%
# Training
# --------

torch.manual_seed(0)
model = Model(len(y), 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
losses, accuracies = [], []
for _ in range(60):
    logits = model(edges)
    loss = nn.functional.cross_entropy(logits[labelled], y[labelled])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    accuracies.append((logits.argmax(1) == y).float().mean().item())
print(f"loss {losses[-1]:.4f}, accuracy on all members {accuracies[-1]:.3f}")

# %%
# The loss is that of the two labelled members, the accuracy that of all 34.

_, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(losses, label="loss on 2 labelled members")
ax.plot(accuracies, label="accuracy on all members")
ax.set(xlabel="epoch", ylim=(0, None))
ax.legend(loc="center right")
plt.show()
